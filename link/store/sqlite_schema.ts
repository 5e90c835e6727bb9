/** Marks a SQLite file as a SuperLink's ("FLWR"), so that no other program's database is taken for one. */
export const APPLICATION_ID = 0x464c5752;

/**
 * How a database gets from one schema version to the next: the first entry makes version 1 of an empty database,
 * the second makes version 2 of that, and so on. Entries are never changed once released, only added.
 *
 * Unsigned 64-bit ids are kept as the signed integer with the same bits. Text that others chose is kept as UTF-8
 * bytes: the platform reads a TEXT only up to its first NUL. The bytes of an object have a table of
 * their own because SQLite rewrites a whole row, bytes and all, when a counter in it changes.
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
];
