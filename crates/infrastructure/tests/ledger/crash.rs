//! Processes that die in the midst of writing. What they were told is recorded must be there, whole.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use futures::future::join_all;
use sav_application::ports::{Ledger, LedgerError, LedgerReader};
use sav_domain::ledger::PointId;
use sav_domain::transfer::{Step, Transfer};
use sav_infrastructure::ledger::{SqliteLedger, SqliteReader};

use super::world::*;

/// Where the victim finds its ledger. Without it the victim's test has nothing to do.
const FOLDER: &str = "SAV_LEDGER_VICTIM_FOLDER";
/// How often to kill, for a long run.
const KILLS: &str = "SAV_LEDGER_KILLS";
const BATCH: u32 = 40;

/// What a process was told before it died.
#[derive(Debug, Default)]
struct Told {
    planned: u32,
    events: BTreeMap<u32, usize>,
}

impl Told {
    fn hears(&mut self, line: &str) {
        // The test harness begins the first line with the test's name.
        let line = line.rsplit_once(" ... ").map_or(line, |(_, told)| told);
        let mut words = line.split(' ');
        let mut number = || words.next().and_then(|word| word.parse::<u32>().ok());
        if let Some(rest) = line.strip_prefix("planned ") {
            self.planned = rest.parse().unwrap_or(self.planned);
        } else if line.starts_with("event ") {
            number();
            if let (Some(point), Some(count)) = (number(), number()) {
                self.events.insert(point, count as usize);
            }
        }
    }
}

/// The victim: plans points and leads them to their destination, many at once, and says what it has been answered.
#[tokio::test]
async fn victim() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let ledger = open(Path::new(&folder));
    let known = ledger.reader().unwrap().points(None, usize::MAX).unwrap().len();
    let mut next = u32::try_from(known).unwrap();
    let plan = ledger.begin_plan(at(0), made_with()).await.unwrap();
    let trouble: LedgerError = loop {
        let points = (next..next + BATCH).map(planned).collect();
        let ids = match ledger.plan(plan, points).await {
            Ok(ids) => ids,
            Err(trouble) => break trouble,
        };
        next += BATCH;
        println!("planned {next}");
        if let Some(trouble) = join_all(ids.iter().map(|id| travel(&ledger, *id)))
            .await
            .into_iter()
            .find_map(Result::err)
        {
            break trouble;
        }
    };
    assert!(matches!(trouble, LedgerError::Full { .. }), "{trouble}");
    println!("full {trouble}");
    // The trouble stays, but the ledger can be read meanwhile, and nothing panics.
    assert!(matches!(
        ledger.open_window(at(1)).await,
        Ok(_) | Err(LedgerError::Full { .. })
    ));
    assert!(ledger.reader().unwrap().standing().is_ok());
}

async fn travel(ledger: &SqliteLedger, id: PointId) -> Result<(), LedgerError> {
    let steps: [Step; 3] = [
        meant(&format!("token-{}", id.0)),
        accepted(&format!("job-{}", id.0)),
        landed(),
    ];
    for (count, step) in (1_i32..).zip(steps) {
        ledger.record(vec![change(id, i64::from(count), step)]).await?;
        #[expect(clippy::print_stdout, reason = "how the victim tells what it was answered")]
        {
            println!("event {} {count}", id.0);
        }
    }
    Ok(())
}

fn victim_of(folder: &Path, limit: Option<&str>) -> Command {
    let exe = std::env::current_exe().unwrap();
    let mut command = if let Some(limit) = limit {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"")])
            .arg(exe);
        shell
    } else {
        Command::new(exe)
    };
    command.args(["--exact", "crash::victim", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Everything told is there, every transfer is what its events lead to, and SQLite finds nothing to complain about.
fn inspect(folder: &Path, told: &Told) {
    let path = ledger_path(folder);
    let reader = match SqliteReader::open(&path, Some(&route("eu-west-1"))) {
        Ok(reader) => reader,
        Err(LedgerError::Absent { .. }) if told.planned == 0 => return,
        Err(error) => panic!("{error}"),
    };
    reader.check().unwrap();
    let points = reader.points(None, usize::MAX).unwrap();
    assert!(points.len() >= told.planned as usize);
    for (n, point) in (0..).zip(&points) {
        assert_eq!(point.planned, planned(n));
        let events = reader.events(point.id).unwrap();
        assert_eq!(Transfer::replay(&events).ok(), point.transfer, "{point:?}");
        assert!(
            events.len() >= told.events.get(&point.id.0).copied().unwrap_or(0),
            "{point:?}"
        );
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let kills: u64 = std::env::var(KILLS).map_or(20, |kills| kills.parse().unwrap());
    let mut folder = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    for round in 0..kills {
        if round % 10 == 0 {
            // A young ledger dies in other places than an old one.
            folder = tempfile::tempdir().unwrap();
            told = Told::default();
        }
        let mut victim = victim_of(folder.path(), None).spawn().unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        // Somewhere within the first batches; the victim runs on while its lines are on their way here.
        let last_line = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 0x1ff;
        let mut lines = lines.map_while(Result::ok);
        for line in lines.by_ref().take(usize::try_from(last_line).unwrap()) {
            told.hears(&line);
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        lines.for_each(|line| told.hears(&line));
        inspect(folder.path(), &told);
    }
    assert!(
        kills == 0 || told.planned > 0,
        "no victim lived long enough to be told anything"
    );
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more_is_told_and_leaves_the_ledger_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    let output = victim_of(folder.path(), Some("2000")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    text.lines().for_each(|line| told.hears(line));
    assert!(text.contains("full the disk under the ledger "), "{text}");
    assert!(told.planned > 0);
    inspect(folder.path(), &told);
    drop(open(folder.path()));
}

/// A disk of one mebibyte that is nobody else's. Where the system lets nobody have one, the limit above has to do.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_really_full_is_told_and_leaves_the_ledger_whole() {
    let folder = tempfile::tempdir().unwrap();
    let [disk, kept] = ["disk", "kept"].map(|name| folder.path().join(name));
    std::fs::create_dir(&disk).unwrap();
    let mount = "mount -t tmpfs -o size=1m none \"$1\"";
    let private = |script: &str| {
        let mut shell = Command::new("unshare");
        shell.args(["-rm", "sh", "-c", script, "sh"]).arg(&disk).arg(&kept);
        shell
    };
    if !private(mount)
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        return;
    }
    let script =
        format!("{mount} && shift && kept=$1 && shift && \"$@\"; code=$?; cp -r \"${FOLDER}\" \"$kept\"; exit $code");
    let mut command = private(&script);
    let victim = victim_of(&disk, None);
    command
        .arg(victim.get_program())
        .args(victim.get_args())
        .env(FOLDER, &disk);
    let output = command.stderr(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let mut told = Told::default();
    text.lines().for_each(|line| told.hears(line));
    assert!(text.contains("full the disk under the ledger "), "{text}");
    assert!(told.planned > 0);
    inspect(&kept, &told);
    drop(open(&kept));
}
