//! Destination vaults, keys, types and quotas.

use sav_domain::checks::Topic;
use sav_domain::retention::Retention;
use sav_domain::vault_map::VaultMap;
use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::world::{KeyManager, KeyState, Lock, ResourceType};
use serde_json::json;

use super::super::{DESTINATION, SOURCE, Stage};
use super::Repair::By;
use super::{
    Broken, ENABLE_SOURCE_KEY, OPEN_VAULT, SHARE_KEY, add_to, broken, key_of, map_first, opt, owner_only, policy,
    quota, target, vault_policy,
};

#[expect(clippy::too_many_lines, reason = "a table, one row after the other")]
pub(in super::super) fn vaults() -> Vec<Broken> {
    vec![
        broken(
            "a vault is missing and nobody makes it",
            |s| {
                map_first(s, "brand-new");
                s.asked.makes_vaults = false;
            },
            Topic::Vault,
            "brand-new",
            "aws backup create-backup-vault",
            By(|s| s.asked.makes_vaults = true),
        ),
        broken(
            "copies go into the default vault",
            |s| map_first(s, "Default"),
            Topic::Vault,
            "Default",
            "--vault-map",
            By(|s| s.terms().vault_map = VaultMap::default()),
        ),
        broken(
            "a vault has no policy",
            |s| vault_policy(s, None),
            Topic::VaultPolicy,
            "",
            "AllowCopiesFrom111111111111",
            OPEN_VAULT,
        ),
        broken(
            "a vault's policy is for another account",
            |s| {
                vault_policy(
                    s,
                    Some(policy(&[
                        json!({"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "backup:CopyIntoBackupVault", "Resource": "*"}),
                    ])),
                );
            },
            Topic::VaultPolicy,
            "",
            "AllowCopiesFrom111111111111",
            OPEN_VAULT,
        ),
        broken(
            "a vault's policy is for another organization",
            |s| {
                vault_policy(
                    s,
                    Some(policy(&[
                        json!({"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-zzzzzzzzzz"}}}),
                    ])),
                );
            },
            Topic::VaultPolicy,
            "",
            "AllowCopiesFrom111111111111",
            OPEN_VAULT,
        ),
        broken(
            "a vault's key is disabled",
            |s| {
                s.change(|w| {
                    let key = w.vault(target(w)).key.unwrap();
                    w.keys[key.0 as usize].state = KeyState::Disabled;
                });
            },
            Topic::VaultKey,
            "",
            "aws kms enable-key",
            By(|s| {
                s.change(|w| {
                    let key = w.vault(target(w)).key.unwrap();
                    w.keys[key.0 as usize].state = KeyState::Enabled;
                });
            }),
        ),
        broken(
            "a vault's key is AWS's own",
            |s| {
                s.change(|w| {
                    let key = w.vault(target(w)).key.unwrap();
                    w.keys[key.0 as usize].manager = KeyManager::Aws;
                });
            },
            Topic::VaultKey,
            "",
            "customer managed key",
            By(|s| {
                s.change(|w| {
                    let key = w.vault(target(w)).key.unwrap();
                    w.keys[key.0 as usize].manager = KeyManager::Customer;
                });
            }),
        ),
        broken(
            "a vault's lock takes nothing so long",
            |s| {
                s.change(|w| {
                    let id = target(w);
                    w.vault_mut(id).lock = Some(Lock {
                        min_retention_days: Some(1),
                        max_retention_days: Some(2),
                        lock_date: None,
                    });
                });
            },
            Topic::VaultLock,
            "",
            "--lifecycle",
            By(|s| s.terms().retention = Retention::Days(2)),
        ),
    ]
}

pub(in super::super) fn keys() -> Vec<Broken> {
    vec![
        broken(
            "a key is disabled",
            |s| {
                s.change(|w| {
                    let key = key_of(w, false);
                    w.keys[key].state = KeyState::Disabled;
                });
            },
            Topic::Key,
            "arn:aws:kms",
            "aws kms enable-key",
            ENABLE_SOURCE_KEY,
        ),
        broken(
            "a key is about to be deleted",
            |s| {
                s.change(|w| {
                    let key = key_of(w, false);
                    w.keys[key].state = KeyState::PendingDeletion;
                });
            },
            Topic::Key,
            "arn:aws:kms",
            "aws kms cancel-key-deletion",
            ENABLE_SOURCE_KEY,
        ),
        broken(
            "a key of snapshots is AWS's own",
            |s| {
                s.change(|w| {
                    let key = key_of(w, false);
                    w.keys[key].manager = KeyManager::Aws;
                });
            },
            Topic::Key,
            "arn:aws:kms",
            "copy these points inside the source account",
            By(|s| {
                s.change(|w| {
                    let key = key_of(w, false);
                    w.keys[key].manager = KeyManager::Customer;
                });
            }),
        ),
        broken(
            "a key is not shared",
            |s| s.change(owner_only),
            Topic::KeyPolicy,
            "arn:aws:kms",
            "UseForCopiesTo222222222222",
            SHARE_KEY,
        ),
        broken(
            "a key is shared with a role that does not copy",
            |s| {
                s.change(|w| {
                    owner_only(w);
                    let key = key_of(w, false);
                    let role = format!("arn:aws:iam::{DESTINATION}:role/{OPERATOR_ROLE}");
                    add_to(
                        &mut w.keys[key].policy,
                        vec![
                            json!({"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:*", "Resource": "*"}),
                        ],
                    );
                });
            },
            Topic::KeyPolicy,
            "arn:aws:kms",
            "GrantsForCopiesTo222222222222",
            SHARE_KEY,
        ),
        broken(
            "a vault's key grants nothing to others",
            |s| {
                s.change(|w| { let key = key_of(w, true); add_to(&mut w.keys[key].policy, vec![json!({"Sid": "NoGrants", "Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*", "Condition": {"StringNotEquals": {"kms:CallerAccount": SOURCE}}})]); });
            },
            Topic::KeyPolicy,
            "arn:aws:kms",
            "add to the policy",
            By(|s| {
                s.change(|w| {
                    let key = key_of(w, true);
                    w.keys[key].policy["Statement"].as_array_mut().unwrap().pop();
                });
            }),
        ),
    ]
}

pub(in super::super) fn limits() -> Vec<Broken> {
    vec![
        broken(
            "the source does not back up EBS",
            |s| opt(s, SOURCE, "EBS", false),
            Topic::OptIn,
            "EBS",
            "update-region-settings",
            By(|s| opt(s, SOURCE, "EBS", true)),
        ),
        broken(
            "the destination does not back up RDS",
            |s| opt(s, DESTINATION, "RDS", false),
            Topic::OptIn,
            "RDS",
            "update-region-settings",
            By(|s| opt(s, DESTINATION, "RDS", true)),
        ),
        broken(
            "there is room for few snapshots",
            |s| quota(s, "ebs", "L-309BACF6", 10.0),
            Topic::Quota,
            "EBS snapshots",
            "request-service-quota-increase --service-code ebs",
            By(|s| quota(s, "ebs", "L-309BACF6", 1000.0)),
        ),
        broken(
            "there is room for few images",
            |s| quota(s, "ec2", "L-B665C33B", 2.0),
            Topic::Quota,
            "AMIs",
            "--quota-code L-B665C33B",
            By(|s| quota(s, "ec2", "L-B665C33B", 500.0)),
        ),
        broken(
            "vaults take few points",
            |s| quota(s, "backup", "L-514878B6", 5.0),
            Topic::Quota,
            "recovery points per vault",
            "--service-code backup",
            By(|s| quota(s, "backup", "L-514878B6", 500.0)),
        ),
        broken(
            "a resource is of a type that is never copied",
            |s| retype(s, ResourceType::Ebs, ResourceType::Redshift),
            Topic::ResourceType,
            "Redshift",
            "choose without them",
            By(|s| retype(s, ResourceType::Redshift, ResourceType::Ebs)),
        ),
    ]
}

/// One point of a type becomes one of another.
fn retype(stage: &mut Stage, from: ResourceType, to: ResourceType) {
    stage.change(|world| {
        let points = world
            .vaults_of(SOURCE)
            .into_iter()
            .flat_map(|vault| world.vault(vault).points.clone());
        let one = points
            .into_iter()
            .find(|point| world.point(*point).resource_type == from)
            .unwrap();
        world.point_mut(one).resource_type = to;
    });
}
