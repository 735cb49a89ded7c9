-- Times are milliseconds since 1970 in UTC. Words that repeat are numbers that point into `word`; the view `points` shows
-- them as text. A million points fit in a few hundred megabytes that way.

CREATE TABLE migration (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    source      TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    region      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE word (
    id   INTEGER PRIMARY KEY,
    text TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE plan (
    id          INTEGER PRIMARY KEY,
    listed_at   INTEGER NOT NULL,
    finished_at INTEGER,
    made_with   TEXT    NOT NULL
) STRICT;

-- The inventory, with what planning decided.
CREATE TABLE point (
    id               INTEGER PRIMARY KEY,
    verdict          TEXT    NOT NULL CHECK (verdict = 'copy' OR verdict = 'skip' OR verdict = 'blocked'),
    reason           INTEGER,
    fix              INTEGER,
    arn              TEXT    NOT NULL,
    vault            INTEGER NOT NULL,
    resource_arn     INTEGER,
    resource_name    INTEGER,
    resource_type    INTEGER,
    status           INTEGER,
    status_message   TEXT,
    created          INTEGER,
    initiated        INTEGER,
    completed        INTEGER,
    size_bytes       INTEGER,
    encryption_key   INTEGER,
    expires_at       INTEGER,
    moves_to_cold_at INTEGER,
    cold_after_days  INTEGER,
    delete_after_days INTEGER,
    is_parent        INTEGER NOT NULL,
    parent_arn       INTEGER,
    composite_member TEXT,
    source_vault     INTEGER,
    vault_type       INTEGER,
    metadata         INTEGER
) STRICT;
CREATE INDEX point_not_copied ON point (verdict) WHERE verdict <> 'copy';

-- What changes with every plan, apart from the wide rows that hardly ever do. One row per point; `first_seen`, `seen` and
-- `changed` are numbers of plans. `digest` is of everything that planning told last; none: look at the point itself.
CREATE TABLE sighting (
    point      INTEGER PRIMARY KEY,
    arn_hash   INTEGER NOT NULL, -- 64-bit FNV-1a: a tenth of the size of an index over the ARNs themselves
    digest     INTEGER,
    first_seen INTEGER NOT NULL,
    seen       INTEGER NOT NULL,
    changed    INTEGER NOT NULL
) STRICT;
CREATE INDEX sighting_by_arn ON sighting (arn_hash);

-- Transfers of one vault, resource type and key; `parked` is the cause that holds all of them back, as JSON.
CREATE TABLE copy_group (
    id             INTEGER PRIMARY KEY,
    vault          INTEGER NOT NULL,
    resource_type  INTEGER,
    encryption_key INTEGER,
    parked         TEXT
) STRICT;
CREATE INDEX copy_group_by_words ON copy_group (vault, resource_type, encryption_key);

-- One row per point that is, or once was, to be copied. `lane` is the word of its resource, or minus the point where there is
-- none. `wanted`: planning would still have it copied. `copied`: a job that this ledger followed brought it to the destination.
-- `detail` is the whole state as JSON; a plain `waiting` has none.
CREATE TABLE transfer (
    point      INTEGER PRIMARY KEY,
    position   INTEGER,
    stage      TEXT    NOT NULL,
    wanted     INTEGER NOT NULL,
    copied     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    failures   INTEGER NOT NULL,
    lane       INTEGER NOT NULL,
    copy_group INTEGER NOT NULL,
    detail     TEXT
) STRICT;
CREATE INDEX transfer_turns ON transfer (lane, position) WHERE stage = 'waiting' AND position IS NOT NULL;
-- Not with IN: for a list SQLite makes a table, and throws it away again, with every row that is written.
CREATE INDEX transfer_open ON transfer (lane) WHERE stage = 'intended' OR stage = 'unsure' OR stage = 'copying';

-- Whose turn it is in each lane that has nothing open. It follows from `transfer` and is kept in the same transactions.
CREATE TABLE head (
    lane       INTEGER PRIMARY KEY,
    point      INTEGER NOT NULL,
    copy_group INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL -- as large as can be where it is not known
) STRICT;
CREATE INDEX head_in_order ON head (copy_group, position);
CREATE INDEX head_by_size ON head (copy_group, size_bytes, position);

-- What happened, in the order in which it was recorded: a transfer's events lead to its row in `transfer` and to no other.
CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    point  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    step   TEXT    NOT NULL
) STRICT;
CREATE INDEX event_by_point ON event (point);

CREATE TABLE attempt (
    point   INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    token   TEXT UNIQUE,
    opened  INTEGER NOT NULL,
    job     TEXT,
    ended   INTEGER,
    outcome TEXT,
    message TEXT,
    PRIMARY KEY (point, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_by_job ON attempt (job) WHERE job IS NOT NULL;

CREATE TABLE window (
    id         INTEGER PRIMARY KEY,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    exit_code  INTEGER,
    completed  INTEGER,
    failed     INTEGER
) STRICT;

CREATE TABLE learned (
    what    TEXT    NOT NULL,
    scope   TEXT    NOT NULL,
    value   REAL    NOT NULL,
    samples INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (what, scope)
) STRICT, WITHOUT ROWID;

CREATE VIEW points AS
SELECT point.id, point.arn AS recovery_point_arn, vault.text AS vault_name, resource.text AS resource_arn,
       type.text AS resource_type, point.verdict, reason.text AS reason, fix.text AS fix, transfer.stage,
       transfer.position, transfer.attempts, transfer.failures, transfer.detail
FROM point
JOIN word AS vault ON vault.id = point.vault
LEFT JOIN word AS resource ON resource.id = point.resource_arn
LEFT JOIN word AS type ON type.id = point.resource_type
LEFT JOIN word AS reason ON reason.id = point.reason
LEFT JOIN word AS fix ON fix.id = point.fix
LEFT JOIN transfer ON transfer.point = point.id;
