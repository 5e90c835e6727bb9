/** SQLite application id ("FLWR"), which distinguishes a SuperLink's database from those of other programs. */
export const APPLICATION_ID = 0x464c5752;

/**
 * Schema migrations. The first entry creates version 1 in an empty database, the second migrates version 1 to 2, and so
 * on. Released entries are never changed; new ones are added.
 *
 * Unsigned 64-bit ids are stored as the signed integer with the same bits. Text from outside is stored as UTF-8 bytes,
 * because Deno reads a TEXT only up to its first NUL. Bytes of objects have their own table, because SQLite rewrites a
 * whole row when one of its counters changes.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE node (
    node_id INTEGER PRIMARY KEY,
    public_key BLOB UNIQUE,
    state TEXT NOT NULL,
    online_until REAL NOT NULL,
    heartbeat_interval REAL NOT NULL,
    due_at REAL
  ) STRICT;
  CREATE INDEX node_by_due ON node (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX node_online ON node (node_id) WHERE state = 'online';

  CREATE TABLE run (
    run_id INTEGER PRIMARY KEY,
    fab_id BLOB NOT NULL,
    fab_version BLOB NOT NULL,
    state TEXT NOT NULL
  ) STRICT;

  CREATE TABLE instruction (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    run_id INTEGER NOT NULL REFERENCES run,
    src_node_id INTEGER NOT NULL,
    dst_node_id INTEGER NOT NULL,
    reply_to_message_id TEXT NOT NULL,
    group_id BLOB NOT NULL,
    message_type BLOB NOT NULL,
    created_at REAL NOT NULL,
    pushed_at REAL NOT NULL,
    ttl REAL NOT NULL,
    content TEXT,
    error_code INTEGER,
    error_reason BLOB,
    state TEXT NOT NULL,
    deliveries INTEGER NOT NULL,
    told INTEGER NOT NULL,
    due_at REAL NOT NULL
  ) STRICT;
  CREATE INDEX instruction_open ON instruction (dst_node_id, place)
    WHERE state IN ('waiting', 'handed-out');
  CREATE INDEX instruction_by_due ON instruction (due_at);

  CREATE TABLE reply (
    reply_to_message_id TEXT PRIMARY KEY REFERENCES instruction (message_id) ON DELETE CASCADE,
    message_id TEXT NOT NULL UNIQUE,
    run_id INTEGER NOT NULL,
    src_node_id INTEGER NOT NULL,
    dst_node_id INTEGER NOT NULL,
    group_id BLOB NOT NULL,
    message_type BLOB NOT NULL,
    created_at REAL NOT NULL,
    pushed_at REAL NOT NULL,
    ttl REAL NOT NULL,
    content TEXT,
    error_code INTEGER,
    error_reason BLOB
  ) STRICT;

  CREATE TABLE object (
    object_id TEXT PRIMARY KEY,
    refs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE object_bytes (
    object_id TEXT PRIMARY KEY REFERENCES object ON DELETE CASCADE,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE object_child (
    parent TEXT NOT NULL REFERENCES object ON DELETE CASCADE,
    position INTEGER NOT NULL,
    child TEXT NOT NULL,
    PRIMARY KEY (parent, position)
  ) STRICT, WITHOUT ROWID;
  `,
  // Messages get a root object, from which references are counted. Existing messages get an empty root, because nodes
  // of that version read only the content.
  `
  ALTER TABLE node ADD COLUMN registered_by TEXT NOT NULL DEFAULT 'self';
  ALTER TABLE node ADD COLUMN name BLOB;
  ALTER TABLE node ADD COLUMN location BLOB;
  ALTER TABLE node ADD COLUMN registered_at REAL NOT NULL DEFAULT 0;
  ALTER TABLE node ADD COLUMN activated_at REAL;
  ALTER TABLE node ADD COLUMN deactivated_at REAL;
  ALTER TABLE node ADD COLUMN unregistered_at REAL;
  UPDATE node SET registered_at = online_until - heartbeat_interval,
    activated_at = online_until - heartbeat_interval;
  UPDATE node SET deactivated_at = online_until WHERE state = 'left';
  DROP INDEX node_online;
  CREATE INDEX node_online ON node (online_until) WHERE state = 'online';

  ALTER TABLE run ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE run ADD COLUMN fab_hash TEXT NOT NULL DEFAULT '';
  ALTER TABLE run ADD COLUMN override_config BLOB NOT NULL DEFAULT X'5B5D';
  ALTER TABLE run ADD COLUMN federation BLOB NOT NULL DEFAULT X'406E6F6E652F64656661756C74';
  ALTER TABLE run ADD COLUMN series_id INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE run ADD COLUMN task_id INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE run ADD COLUMN details BLOB NOT NULL DEFAULT X'';
  ALTER TABLE run ADD COLUMN pending_at REAL NOT NULL DEFAULT 0;
  ALTER TABLE run ADD COLUMN starting_at REAL;
  ALTER TABLE run ADD COLUMN running_at REAL;
  ALTER TABLE run ADD COLUMN finished_at REAL;
  ALTER TABLE run ADD COLUMN bytes_sent INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE run ADD COLUMN bytes_received INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE run ADD COLUMN client_app_seconds REAL NOT NULL DEFAULT 0;
  ALTER TABLE run ADD COLUMN token_hash TEXT;
  ALTER TABLE run ADD COLUMN due_at REAL;
  UPDATE run SET place = (SELECT count(*) FROM run AS other WHERE other.run_id <= run.run_id),
    series_id = random(), task_id = random(),
    pending_at = coalesce(
      (SELECT min(pushed_at) FROM instruction WHERE instruction.run_id = run.run_id), unixepoch());
  UPDATE run SET starting_at = pending_at, running_at = pending_at;
  CREATE UNIQUE INDEX run_by_place ON run (place);
  CREATE UNIQUE INDEX run_by_token ON run (token_hash) WHERE token_hash IS NOT NULL;
  CREATE INDEX run_pending ON run (place) WHERE state = 'pending';
  CREATE INDEX run_by_series ON run (series_id);
  CREATE INDEX run_by_due ON run (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE run_log (
    run_id INTEGER NOT NULL REFERENCES run,
    at REAL NOT NULL,
    end_byte INTEGER NOT NULL,
    text BLOB NOT NULL,
    PRIMARY KEY (run_id, at)
  ) STRICT;
  CREATE INDEX run_log_by_end ON run_log (run_id, end_byte);
  CREATE TABLE fab (
    hash TEXT PRIMARY KEY,
    content BLOB NOT NULL
  ) STRICT;

  CREATE INDEX instruction_by_run ON instruction (run_id);

  ALTER TABLE object ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX object_child_by_child ON object_child (child);
  CREATE TEMP TABLE held AS
    SELECT message_id, content FROM instruction WHERE state IN ('waiting', 'handed-out')
    UNION ALL SELECT message_id, content FROM reply;
  INSERT INTO object (object_id, refs) SELECT message_id, 1 FROM held;
  INSERT INTO object_bytes (object_id, bytes) SELECT message_id, X'' FROM held;
  INSERT INTO object_child (parent, position, child)
    SELECT message_id, 0, content FROM held WHERE content IS NOT NULL;
  DROP TABLE held;

  CREATE TABLE push (
    push INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL UNIQUE,
    node_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at REAL NOT NULL
  ) STRICT;
  CREATE INDEX push_by_node ON push (node_id, run_id);
  CREATE INDEX push_by_run ON push (run_id);
  CREATE INDEX push_by_due ON push (due_at);
  CREATE TABLE push_object (
    push INTEGER NOT NULL REFERENCES push ON DELETE CASCADE,
    object_id TEXT NOT NULL,
    PRIMARY KEY (push, object_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX push_object_by_object ON push_object (object_id);
  CREATE TABLE announced (
    message_id TEXT PRIMARY KEY,
    push INTEGER NOT NULL REFERENCES push ON DELETE CASCADE,
    run_id INTEGER NOT NULL,
    src_node_id INTEGER NOT NULL,
    dst_node_id INTEGER NOT NULL,
    reply_to_message_id TEXT NOT NULL,
    group_id BLOB NOT NULL,
    message_type BLOB NOT NULL,
    created_at REAL NOT NULL,
    pushed_at REAL NOT NULL,
    ttl REAL NOT NULL,
    content TEXT,
    error_code INTEGER,
    error_reason BLOB,
    client_app_seconds REAL NOT NULL
  ) STRICT;
  CREATE INDEX announced_by_push ON announced (push);
  `,
  // Limits of finished runs. The indices give the order of removal.
  `
  ALTER TABLE run ADD COLUMN log_bytes INTEGER;
  ALTER TABLE run ADD COLUMN log_removed_at REAL;
  UPDATE run SET log_bytes =
      (SELECT coalesce(sum(length(text)), 0) FROM run_log WHERE run_log.run_id = run.run_id)
    WHERE finished_at IS NOT NULL;
  CREATE INDEX run_finished ON run (finished_at, place) WHERE finished_at IS NOT NULL;
  CREATE INDEX run_with_log ON run (finished_at, place, log_bytes) WHERE log_bytes > 0;
  `,
  // Recent signers, because a restart must not make old signatures valid again.
  `
  CREATE TABLE signer (
    peer TEXT PRIMARY KEY,
    until REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX signer_by_time ON signer (until);
  `,
  // Artifacts of runs. The index on runs gives the order of removal.
  `
  ALTER TABLE run ADD COLUMN artifact_bytes INTEGER;
  ALTER TABLE run ADD COLUMN artifacts_removed_at REAL;
  CREATE INDEX run_with_artifacts ON run (finished_at, place, artifact_bytes)
    WHERE artifact_bytes > 0;

  CREATE TABLE artifact (
    artifact_id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    received INTEGER NOT NULL,
    crc32 INTEGER NOT NULL,
    sha256 TEXT,
    saved_at REAL NOT NULL
  ) STRICT;
  CREATE INDEX artifact_by_run ON artifact (run_id, name);
  CREATE TABLE artifact_piece (
    artifact_id INTEGER NOT NULL REFERENCES artifact ON DELETE CASCADE,
    start INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (artifact_id, start)
  ) STRICT;
  `,
  // Wire with which nodes pull their messages. Existing nodes use the current wire or a wire that does not need this.
  `
  ALTER TABLE node ADD COLUMN wire TEXT;
  UPDATE node SET wire = 'current';
  `,
  // Names of nodes from the key list or from the nodes themselves.
  `
  ALTER TABLE node ADD COLUMN join_name BLOB;
  `,
  // Pieces of attachments, and the FABs that need them. Their bytes have their own table, like those of objects.
  `
  CREATE TABLE piece (
    hash TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    due_at REAL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX piece_by_due ON piece (due_at) WHERE due_at IS NOT NULL;
  CREATE TABLE piece_bytes (
    hash TEXT PRIMARY KEY REFERENCES piece ON DELETE CASCADE,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE fab_piece (
    fab_hash TEXT NOT NULL,
    hash TEXT NOT NULL REFERENCES piece,
    PRIMARY KEY (fab_hash, hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX fab_piece_by_piece ON fab_piece (hash);
  `,
  // Each pull looks for the node's handed-out instructions, among thousands of waiting ones.
  `
  CREATE INDEX instruction_handed_out ON instruction (dst_node_id, place)
    WHERE state = 'handed-out';
  `,
  // How a run's ServerApp shows that it is alive. Before this version, a ServerApp started by hand had no heartbeats.
  `
  ALTER TABLE run ADD COLUMN life_sign TEXT NOT NULL DEFAULT 'heartbeats';
  UPDATE run SET life_sign = 'instructions' WHERE fab_hash = '';
  `,
  // Checkpoints, from which an interrupted run continues. Earlier runs have none, and may have sent instructions.
  `
  ALTER TABLE artifact ADD COLUMN kind TEXT NOT NULL DEFAULT 'artifact';
  ALTER TABLE run ADD COLUMN resumes INTEGER;
  ALTER TABLE run ADD COLUMN vain_resumes INTEGER;
  ALTER TABLE run ADD COLUMN resumed_from INTEGER;
  ALTER TABLE run ADD COLUMN first_sent_at REAL;
  UPDATE run SET first_sent_at = running_at;
  `,
  // Settings of runs with simulated nodes, as JSON.
  `
  ALTER TABLE run ADD COLUMN simulation BLOB;
  CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Settings of the simulated nodes of runs that are not finished.
  `
  CREATE TABLE node_settings (
    run_id INTEGER PRIMARY KEY REFERENCES run,
    settings BLOB NOT NULL
  ) STRICT;
  `,
  // What several SuperLinks must agree on:
  // - server: who is alive, so that what another one handed out is taken back only after its end
  // - lease: who does the housekeeping
  // - instruction.holder: who handed it out
  // - run.server_id: who runs the ServerApp beside itself, which ends with it
  // - node.joins: a pull from before the last join belongs to a process that was replaced
  // - node.session: which of several programs with one key is the node
  // - push.staged_bytes: what the push has stored, for the limit of a caller
  // - run.results, errors, last_error…: replies of the run, because one whose replies are all errors has failed. NULL
  //   for runs that began before, whose replies were not counted
  // - stray_reply: objects of errors that no instruction keeps
  // - signature: each is accepted once, wherever it arrives
  `
  CREATE TABLE server (
    server_id INTEGER PRIMARY KEY,
    lease_until REAL NOT NULL
  ) STRICT;
  CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder INTEGER NOT NULL,
    number INTEGER NOT NULL,
    until REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE instruction ADD COLUMN holder INTEGER;
  ALTER TABLE run ADD COLUMN server_id INTEGER;
  ALTER TABLE run ADD COLUMN results INTEGER;
  ALTER TABLE run ADD COLUMN errors INTEGER;
  ALTER TABLE run ADD COLUMN last_error_node_id INTEGER;
  ALTER TABLE run ADD COLUMN last_error BLOB;
  ALTER TABLE node ADD COLUMN joins INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE node ADD COLUMN session TEXT;
  ALTER TABLE push ADD COLUMN staged_bytes INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE stray_reply (
    object_id TEXT PRIMARY KEY,
    run_id INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    due_at REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX stray_reply_by_due ON stray_reply (due_at);
  CREATE TABLE signature (
    peer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (peer, nonce)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX signature_by_time ON signature (until);
  `,
  // Objects whose bytes are in an object store, with their sizes. garbage: locations there whose
  // objects were removed.
  `
  ALTER TABLE object ADD COLUMN location TEXT;
  ALTER TABLE object ADD COLUMN size INTEGER;
  CREATE TABLE garbage (
    location TEXT PRIMARY KEY,
    due_at REAL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX garbage_by_due ON garbage (due_at);
  `,
  // What happened to nodes and runs, in the order of commits. Records of a run that an earlier version removes beside
  // this one stay for a while, so run_id refers to nothing. handed_out_at: for the record of the answer.
  `
  CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    run_id INTEGER,
    node_id INTEGER,
    is_detail INTEGER NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  CREATE INDEX journal_by_run ON journal (run_id, sequence, is_detail);
  ALTER TABLE instruction ADD COLUMN handed_out_at REAL;
  `,
  // Owners of runs and nodes, on a SuperLink with accounts, and the API tokens of the accounts.
  `
  ALTER TABLE run ADD COLUMN owner_id BLOB;
  ALTER TABLE run ADD COLUMN owner_name BLOB;
  CREATE INDEX run_by_owner ON run (owner_id, place) WHERE owner_id IS NOT NULL;
  ALTER TABLE node ADD COLUMN owner_id BLOB;
  ALTER TABLE node ADD COLUMN owner_name BLOB;
  CREATE TABLE api_token (
    token_id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    account_id BLOB NOT NULL,
    account_name BLOB NOT NULL,
    name BLOB NOT NULL,
    roles TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX api_token_by_account ON api_token (account_id);
  `,
];
