//! What people call things: applications and their owners, vaults, databases, buckets.

use super::index::mix;

const BUSINESS: [&str; 25] = [
    "payments",
    "ledger",
    "claims",
    "pricing",
    "orders",
    "checkout",
    "identity",
    "billing",
    "search",
    "catalog",
    "fraud",
    "loyalty",
    "shipping",
    "warehouse",
    "reporting",
    "crm",
    "hr",
    "treasury",
    "documents",
    "mail",
    "risk",
    "quotes",
    "tickets",
    "weather",
    "archive",
];
const ROLES: [&str; 16] = [
    "api", "web", "worker", "db", "etl", "batch", "portal", "gateway", "cache", "stream", "ml", "admin", "sync",
    "store", "core", "legacy",
];
const ENVIRONMENTS: [&str; 8] = ["prod", "prod", "prod", "prod", "staging", "test", "test", "dev"];
const OWNERS: [&str; 12] = [
    "alvarez",
    "nakamura",
    "okafor",
    "schmidt",
    "rossi",
    "novak",
    "lindqvist",
    "dubois",
    "iyer",
    "kowalski",
    "haddad",
    "oneill",
];
const VAULTS: [&str; 18] = [
    "prod-daily",
    "prod-databases",
    "shared-services",
    "finance-long-term",
    "data-platform",
    "staging",
    "web-tier",
    "sap",
    "erp-weekly",
    "analytics",
    "dev_sandbox",
    "DR-critical",
    "hr-archive",
    "legacy-lift-and-shift",
    "monthly-7-years",
    "vmware",
    "media",
    "ops",
];
/// Names that break naive columns, quoting and cutting.
const ODD: [&str; 10] = [
    "Zahlungen – Größe „L“ (alt)",
    "データベース・本番",
    "say \"hello\", world",
    "comma, separated, name",
    "O'Neill's volume",
    "  padded  ",
    "emoji 🚀🗄️ box",
    "a;b|c\td",
    "=SUM(A1:A9)",
    "Ελληνικά / Кириллица",
];

/// The application that a resource belongs to, its people and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Application {
    pub(super) apmid: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) environment: &'static str,
    pub(super) cost_center: String,
}

/// Of the n-th resource. A few applications own most resources.
pub(super) fn application_of(seed: u64, resource: u32) -> Application {
    let bits = mix(seed ^ mix(u64::from(resource)));
    // The product of two uniform numbers leans towards 0.
    let lean = ((bits & 0xffff) * ((bits >> 16) & 0xffff)) >> 16;
    let number = (lean * APPLICATIONS) >> 16;
    let of = |length: usize, salt: u64| {
        usize::try_from(mix(number ^ salt) % length as u64).expect("below the length of a list of words")
    };
    let business = BUSINESS[of(BUSINESS.len(), 1)];
    Application {
        apmid: apmid(number),
        name: format!("{business}-{}", ROLES[of(ROLES.len(), 2)]),
        owner: format!("{}@example.com", OWNERS[of(OWNERS.len(), 3)]),
        environment: ENVIRONMENTS[usize::try_from(bits >> 40 & 7).expect("three bits")],
        cost_center: format!("CC-{:04}", mix(number) % 9000 + 1000),
    }
}

const APPLICATIONS: u64 = 400;

pub(super) fn apmid(number: u64) -> String {
    format!("APM{:07}", 1000 + number * 37)
}

/// The name of the n-th plain vault: unique, and of the letters AWS takes.
pub(super) fn vault(number: usize) -> String {
    match VAULTS.get(number) {
        Some(name) => (*name).to_owned(),
        None => format!(
            "{}-{}-{}",
            BUSINESS[number % BUSINESS.len()],
            ENVIRONMENTS[number / BUSINESS.len() % 8],
            number - VAULTS.len() + 1
        ),
    }
}

/// An odd name; the last one is as long as a tag's value may be.
pub(super) fn odd(number: usize) -> String {
    match ODD.get(number % (ODD.len() + 1)) {
        Some(name) => (*name).to_owned(),
        None => "long-".repeat(51) + "!",
    }
}
