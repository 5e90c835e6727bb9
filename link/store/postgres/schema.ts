/** Text that is compared byte by byte, as in SQLite, whatever the database's own order is. */
const TEXT = 'TEXT COLLATE "C"';

/** Name of the table with the version of the schema, by which a SuperLink knows its own database. */
export const VERSION_TABLE = "flwr_schema";

/** Name of the table with the marks of durable transactions; see commit_mark.ts. */
export const COMMIT_TABLE = "flwr_commit";

/** Tables that SQLite's database does not have, because it needs none of them. */
export const OWN_TABLES: readonly string[] = [VERSION_TABLE, COMMIT_TABLE];

/**
 * Schema migrations. The first entry creates version 1 in an empty schema, the second migrates version 1 to 2, and so
 * on. Released entries are never changed; new ones are added. The tables equal those of SQLite, and so does what their
 * columns contain, except for {@link OWN_TABLES}.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE node (
    node_id BIGINT PRIMARY KEY,
    public_key BYTEA UNIQUE,
    state ${TEXT} NOT NULL,
    online_until DOUBLE PRECISION NOT NULL,
    heartbeat_interval DOUBLE PRECISION NOT NULL,
    due_at DOUBLE PRECISION,
    registered_by ${TEXT} NOT NULL,
    name BYTEA,
    location BYTEA,
    registered_at DOUBLE PRECISION NOT NULL,
    activated_at DOUBLE PRECISION,
    deactivated_at DOUBLE PRECISION,
    unregistered_at DOUBLE PRECISION,
    wire ${TEXT},
    join_name BYTEA,
    joins BIGINT NOT NULL,
    session ${TEXT}
  );
  CREATE INDEX node_by_due ON node (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX node_online ON node (online_until) WHERE state = 'online';
  CREATE TABLE run (
    run_id BIGINT PRIMARY KEY,
    fab_id BYTEA NOT NULL,
    fab_version BYTEA NOT NULL,
    state ${TEXT} NOT NULL,
    place BIGINT NOT NULL,
    fab_hash ${TEXT} NOT NULL,
    override_config BYTEA NOT NULL,
    federation BYTEA NOT NULL,
    series_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    details BYTEA NOT NULL,
    pending_at DOUBLE PRECISION NOT NULL,
    starting_at DOUBLE PRECISION,
    running_at DOUBLE PRECISION,
    finished_at DOUBLE PRECISION,
    bytes_sent BIGINT NOT NULL,
    bytes_received BIGINT NOT NULL,
    client_app_seconds DOUBLE PRECISION NOT NULL,
    token_hash ${TEXT},
    due_at DOUBLE PRECISION,
    log_bytes BIGINT,
    log_removed_at DOUBLE PRECISION,
    artifact_bytes BIGINT,
    artifacts_removed_at DOUBLE PRECISION,
    life_sign ${TEXT} NOT NULL,
    resumes BIGINT,
    vain_resumes BIGINT,
    resumed_from BIGINT,
    first_sent_at DOUBLE PRECISION,
    simulation BYTEA,
    server_id BIGINT,
    results BIGINT,
    errors BIGINT,
    last_error_node_id BIGINT,
    last_error BYTEA
  );
  CREATE UNIQUE INDEX run_by_place ON run (place);
  CREATE UNIQUE INDEX run_by_token ON run (token_hash) WHERE token_hash IS NOT NULL;
  CREATE INDEX run_pending ON run (place) WHERE state = 'pending';
  CREATE INDEX run_by_series ON run (series_id);
  CREATE INDEX run_by_due ON run (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX run_finished ON run (finished_at, place) WHERE finished_at IS NOT NULL;
  CREATE INDEX run_with_log ON run (finished_at, place, log_bytes) WHERE log_bytes > 0;
  CREATE INDEX run_with_artifacts ON run (finished_at, place, artifact_bytes)
    WHERE artifact_bytes > 0;
  CREATE TABLE instruction (
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id ${TEXT} NOT NULL UNIQUE,
    run_id BIGINT NOT NULL REFERENCES run,
    src_node_id BIGINT NOT NULL,
    dst_node_id BIGINT NOT NULL,
    reply_to_message_id ${TEXT} NOT NULL,
    group_id BYTEA NOT NULL,
    message_type BYTEA NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    pushed_at DOUBLE PRECISION NOT NULL,
    ttl DOUBLE PRECISION NOT NULL,
    content ${TEXT},
    error_code BIGINT,
    error_reason BYTEA,
    state ${TEXT} NOT NULL,
    deliveries BIGINT NOT NULL,
    told BIGINT NOT NULL,
    due_at DOUBLE PRECISION NOT NULL,
    holder BIGINT
  );
  CREATE INDEX instruction_open ON instruction (dst_node_id, place)
    WHERE state IN ('waiting', 'handed-out');
  CREATE INDEX instruction_by_due ON instruction (due_at);
  CREATE INDEX instruction_by_run ON instruction (run_id);
  CREATE INDEX instruction_handed_out ON instruction (dst_node_id, place)
    WHERE state = 'handed-out';
  CREATE TABLE reply (
    reply_to_message_id ${TEXT} PRIMARY KEY REFERENCES instruction (message_id) ON DELETE CASCADE,
    message_id ${TEXT} NOT NULL UNIQUE,
    run_id BIGINT NOT NULL,
    src_node_id BIGINT NOT NULL,
    dst_node_id BIGINT NOT NULL,
    group_id BYTEA NOT NULL,
    message_type BYTEA NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    pushed_at DOUBLE PRECISION NOT NULL,
    ttl DOUBLE PRECISION NOT NULL,
    content ${TEXT},
    error_code BIGINT,
    error_reason BYTEA
  );
  CREATE TABLE object (
    object_id ${TEXT} PRIMARY KEY,
    refs BIGINT NOT NULL,
    waits BIGINT NOT NULL
  );
  CREATE TABLE object_bytes (
    object_id ${TEXT} PRIMARY KEY REFERENCES object ON DELETE CASCADE,
    bytes BYTEA NOT NULL
  );
  CREATE TABLE object_child (
    parent ${TEXT} NOT NULL REFERENCES object ON DELETE CASCADE,
    position BIGINT NOT NULL,
    child ${TEXT} NOT NULL,
    PRIMARY KEY (parent, position)
  );
  CREATE INDEX object_child_by_child ON object_child (child);
  CREATE TABLE push (
    push BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id ${TEXT} NOT NULL UNIQUE,
    node_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    state ${TEXT} NOT NULL,
    staged_bytes BIGINT NOT NULL,
    due_at DOUBLE PRECISION NOT NULL
  );
  CREATE INDEX push_by_node ON push (node_id, run_id);
  CREATE INDEX push_by_run ON push (run_id);
  CREATE INDEX push_by_due ON push (due_at);
  CREATE TABLE push_object (
    push BIGINT NOT NULL REFERENCES push ON DELETE CASCADE,
    object_id ${TEXT} NOT NULL,
    PRIMARY KEY (push, object_id)
  );
  CREATE INDEX push_object_by_object ON push_object (object_id);
  CREATE TABLE announced (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    message_id ${TEXT} PRIMARY KEY,
    push BIGINT NOT NULL REFERENCES push ON DELETE CASCADE,
    run_id BIGINT NOT NULL,
    src_node_id BIGINT NOT NULL,
    dst_node_id BIGINT NOT NULL,
    reply_to_message_id ${TEXT} NOT NULL,
    group_id BYTEA NOT NULL,
    message_type BYTEA NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    pushed_at DOUBLE PRECISION NOT NULL,
    ttl DOUBLE PRECISION NOT NULL,
    content ${TEXT},
    error_code BIGINT,
    error_reason BYTEA,
    client_app_seconds DOUBLE PRECISION NOT NULL
  );
  CREATE INDEX announced_by_push ON announced (push);
  CREATE TABLE run_log (
    run_id BIGINT NOT NULL REFERENCES run,
    at DOUBLE PRECISION NOT NULL,
    end_byte BIGINT NOT NULL,
    text BYTEA NOT NULL,
    PRIMARY KEY (run_id, at)
  );
  CREATE INDEX run_log_by_end ON run_log (run_id, end_byte);
  CREATE TABLE fab (
    hash ${TEXT} PRIMARY KEY,
    content BYTEA NOT NULL
  );
  CREATE TABLE node_settings (
    run_id BIGINT PRIMARY KEY REFERENCES run,
    settings BYTEA NOT NULL
  );
  CREATE TABLE artifact (
    artifact_id BIGINT PRIMARY KEY,
    run_id BIGINT NOT NULL REFERENCES run,
    name ${TEXT} NOT NULL,
    size BIGINT NOT NULL,
    received BIGINT NOT NULL,
    crc32 BIGINT NOT NULL,
    sha256 ${TEXT},
    saved_at DOUBLE PRECISION NOT NULL,
    kind ${TEXT} NOT NULL
  );
  CREATE INDEX artifact_by_run ON artifact (run_id, name);
  CREATE TABLE artifact_piece (
    artifact_id BIGINT NOT NULL REFERENCES artifact ON DELETE CASCADE,
    start BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (artifact_id, start)
  );
  CREATE TABLE piece (
    hash ${TEXT} PRIMARY KEY,
    size BIGINT NOT NULL,
    due_at DOUBLE PRECISION
  );
  CREATE INDEX piece_by_due ON piece (due_at) WHERE due_at IS NOT NULL;
  CREATE TABLE piece_bytes (
    hash ${TEXT} PRIMARY KEY REFERENCES piece ON DELETE CASCADE,
    bytes BYTEA NOT NULL
  );
  CREATE TABLE fab_piece (
    fab_hash ${TEXT} NOT NULL,
    hash ${TEXT} NOT NULL REFERENCES piece,
    PRIMARY KEY (fab_hash, hash)
  );
  CREATE INDEX fab_piece_by_piece ON fab_piece (hash);
  CREATE TABLE signer (
    peer ${TEXT} PRIMARY KEY,
    until DOUBLE PRECISION NOT NULL
  );
  CREATE INDEX signer_by_time ON signer (until);
  CREATE TABLE server (
    server_id BIGINT PRIMARY KEY,
    lease_until DOUBLE PRECISION NOT NULL
  );
  CREATE TABLE lease (
    name ${TEXT} PRIMARY KEY,
    holder BIGINT NOT NULL,
    number BIGINT NOT NULL,
    until DOUBLE PRECISION NOT NULL
  );
  CREATE TABLE stray_reply (
    object_id ${TEXT} PRIMARY KEY,
    run_id BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    due_at DOUBLE PRECISION NOT NULL
  );
  CREATE INDEX stray_reply_by_due ON stray_reply (due_at);
  CREATE TABLE signature (
    peer ${TEXT} NOT NULL,
    nonce ${TEXT} NOT NULL,
    until DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (peer, nonce)
  );
  CREATE INDEX signature_by_time ON signature (until);
  CREATE TABLE setting (
    name ${TEXT} PRIMARY KEY,
    value BYTEA NOT NULL
  );

  -- Models and app bundles do not compress, and are read in whole.
  ALTER TABLE object_bytes ALTER COLUMN bytes SET STORAGE EXTERNAL;
  ALTER TABLE artifact_piece ALTER COLUMN bytes SET STORAGE EXTERNAL;
  ALTER TABLE piece_bytes ALTER COLUMN bytes SET STORAGE EXTERNAL;
  ALTER TABLE fab ALTER COLUMN content SET STORAGE EXTERNAL;
  `,
  // Marks of durable transactions, one row for each connection. Rows are updated often, so pages keep room for that.
  `
  CREATE TABLE ${COMMIT_TABLE} (
    session ${TEXT} PRIMARY KEY,
    number BIGINT NOT NULL,
    written_at TIMESTAMPTZ NOT NULL
  ) WITH (fillfactor = 50);
  `,
  // Objects whose bytes are in an object store, with their sizes. garbage: locations there whose
  // objects were removed.
  `
  ALTER TABLE object ADD COLUMN location ${TEXT}, ADD COLUMN size BIGINT;
  CREATE TABLE garbage (
    location ${TEXT} PRIMARY KEY,
    due_at DOUBLE PRECISION
  );
  CREATE INDEX garbage_by_due ON garbage (due_at);
  `,
  // The parts of an object are added and removed with it, a thousand at a time. The server would check each row by itself.
  `
  ALTER TABLE object_bytes DROP CONSTRAINT object_bytes_object_id_fkey;
  ALTER TABLE object_child DROP CONSTRAINT object_child_parent_fkey;

  -- Bytes that fit into a page are stored in one place instead of two, which need two more indices.
  ALTER TABLE object_bytes SET (toast_tuple_target = 8160);
  `,
  // What happened to nodes and runs, in the order of commits. handed_out_at: for the record of the answer.
  `
  CREATE TABLE journal (
    sequence BIGINT PRIMARY KEY,
    at DOUBLE PRECISION NOT NULL,
    kind ${TEXT} NOT NULL,
    run_id BIGINT,
    node_id BIGINT,
    is_detail BIGINT NOT NULL,
    data BYTEA NOT NULL
  );
  CREATE INDEX journal_by_run ON journal (run_id, sequence, is_detail);
  ALTER TABLE instruction ADD COLUMN handed_out_at DOUBLE PRECISION;
  `,
  // Owners of runs and nodes, on a SuperLink with accounts, and the API tokens of the accounts.
  `
  ALTER TABLE run ADD COLUMN owner_id BYTEA, ADD COLUMN owner_name BYTEA;
  CREATE INDEX run_by_owner ON run (owner_id, place) WHERE owner_id IS NOT NULL;
  ALTER TABLE node ADD COLUMN owner_id BYTEA, ADD COLUMN owner_name BYTEA;
  CREATE TABLE api_token (
    token_id ${TEXT} PRIMARY KEY,
    hash ${TEXT} NOT NULL UNIQUE,
    account_id BYTEA NOT NULL,
    account_name BYTEA NOT NULL,
    name BYTEA NOT NULL,
    roles ${TEXT} NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL
  );
  CREATE INDEX api_token_by_account ON api_token (account_id);
  `,
];

/** For each version of this schema, the version of SQLite's that has the same tables. */
export const SQLITE_VERSIONS: readonly number[] = [14, 14, 15, 15, 16, 17];

/**
 * For each version of this schema, the earliest version whose SuperLinks can use the tables, too. A step that only adds
 * (tables, indices, columns that may be left out) repeats the entry before it, so SuperLinks of both versions can run
 * side by side. A step that changes or removes what earlier versions read or write names its own version.
 */
export const OLDEST_VERSIONS: readonly number[] = [1, 1, 3, 4, 4, 4];

/** Versions of the schema that a SuperLink knows. */
export interface Schema {
  /** See {@link MIGRATIONS}. */
  readonly migrations: readonly string[];
  /** See {@link OLDEST_VERSIONS}. */
  readonly oldest: readonly number[];
}

/** The schema of this version. */
export const SCHEMA: Schema = { migrations: MIGRATIONS, oldest: OLDEST_VERSIONS };
