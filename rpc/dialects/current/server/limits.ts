/** Bytes of a request that carries neither an app, an object, the tree of a message nor a list of ids. */
export const MAX_SMALL_REQUEST_BYTES = 64 * 1024;

/** Bytes of a request with the ids of messages: room for 200,000 of them, 66 bytes each. */
export const MAX_ID_LIST_REQUEST_BYTES = 16 * 1024 * 1024;

/** Bytes of a submitted app with its settings. Apps above MAX_FAB_BYTES are answered as Flower does, up to this. */
export const MAX_START_RUN_BYTES = 64 * 1024 * 1024;

/** Bytes of a request with a ServerApp's output: each of ours has up to 4 MB. */
export const MAX_LOG_REQUEST_BYTES = 16 * 1024 * 1024;

/** Bytes of a request with trees of messages: four of MAX_TREE_NODES, 70 to 80 bytes each. */
export const MAX_TREE_REQUEST_BYTES = 16 * 1024 * 1024;

/** Nodes of announced trees that are read before others have their turn: some 3 ms. */
export const TREE_NODES_PER_TURN = 5000;

/** Messages that one push of a node announces at most: Flower's nodes push each reply by itself. */
export const MAX_MESSAGES_PER_NODE_PUSH = 100;

/** Nodes of all object trees of one answer to a ServerApp: 70 MB. Replies beyond it come with the next. */
export const MAX_TREE_NODES_PER_ANSWER = 1_000_000;

/** Runs that a list of runs has when the caller does not say how many (Flower 1.41). */
export const DEFAULT_LISTED_RUNS = 20;

/** Runs that one answer lists at most: about 1 MB. */
export const MAX_LISTED_RUNS = 1000;

/** Longest "latitude,longitude", in UTF-16 code units. */
export const MAX_LOCATION_LENGTH = 128;

/**
 * Seconds that replies to a Python ServerApp wait for the others of the same call: Flower's Grid sleeps that long after
 * an answer that lacks some.
 */
export const REPLY_LINGER_SECONDS = 3;

/** Seconds that acquire-task is held. Flower's SuperExec looks after its other processes between two calls. */
export const ACQUIRE_HOLD_SECONDS = 5;

/** Lines of a ServerApp that one push carries at most: it comes several times a second. */
export const MAX_LOG_LINES_PER_PUSH = 100_000;

/** Characters that one push adds to a ServerApp's log at most, where each line counts 25 for what stands before it. */
export const MAX_STAMPED_LOG_CHARS: number = 8 * 1024 * 1024;

/** Characters of a log that are made into lines, and stored, before others have their turn: some milliseconds. */
export const LOG_CHARS_PER_TURN: number = 128 * 1024;

/** Bytes of a log that one answer carries at most, where its reader asks for parts. */
export const MAX_LOG_PART_BYTES: number = 1024 * 1024;

/** Longest text on how a task ended, in UTF-16 code units: a long stack trace of Python. */
export const MAX_DETAILS_LENGTH = 20_000;

/** Bytes of a request with a piece of an artifact: the link's maxArtifactPieceBytes, and room for its name. */
export const MAX_ARTIFACT_REQUEST_BYTES = 5 * 1024 * 1024 + 1024;

/** Bytes of a request with a piece of an attachment: the link's maxPieceBytes, and the names of a bundle's pieces. */
export const MAX_ATTACHMENT_REQUEST_BYTES = 4 * 1024 * 1024 + 64 * 1024;

/** Nodes whose sessions are remembered. An entry takes some 200 bytes; one that was forgotten is learnt again. */
export const MAX_NODE_SESSIONS = 100_000;
