-- What happened to the migration as a whole: pauses, identities, what was replicated or verified. `detail` is a JSON object.
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    detail TEXT    NOT NULL
) STRICT;

-- No place in the queue is a negative number now, as wide as a place: a row that gets one keeps its size.
DROP VIEW points;
CREATE TABLE transfer_anew (
    point      INTEGER PRIMARY KEY,
    position   INTEGER NOT NULL,
    stage      TEXT    NOT NULL,
    wanted     INTEGER NOT NULL,
    copied     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    failures   INTEGER NOT NULL,
    lane       INTEGER NOT NULL,
    copy_group INTEGER NOT NULL,
    detail     TEXT
) STRICT;
INSERT INTO transfer_anew SELECT point, coalesce(position, -8388608), stage, wanted, copied, attempts, failures, lane, copy_group, detail
FROM transfer;
DROP TABLE transfer;
ALTER TABLE transfer_anew RENAME TO transfer;
CREATE INDEX transfer_turns ON transfer (lane, position) WHERE stage = 'waiting' AND position >= 0;
CREATE INDEX transfer_open ON transfer (lane) WHERE stage = 'intended' OR stage = 'unsure' OR stage = 'copying';
CREATE VIEW points AS
SELECT point.id, point.arn AS recovery_point_arn, vault.text AS vault_name, resource.text AS resource_arn,
       type.text AS resource_type, point.verdict, reason.text AS reason, fix.text AS fix, transfer.stage,
       iif(transfer.position >= 0, transfer.position, NULL) AS position, transfer.attempts, transfer.failures, transfer.detail
FROM point
JOIN word AS vault ON vault.id = point.vault
LEFT JOIN word AS resource ON resource.id = point.resource_arn
LEFT JOIN word AS type ON type.id = point.resource_type
LEFT JOIN word AS reason ON reason.id = point.reason
LEFT JOIN word AS fix ON fix.id = point.fix
LEFT JOIN transfer ON transfer.point = point.id;
