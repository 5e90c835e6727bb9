/** Bytes of the largest bundle that is built, read or sent: Flower's own limit, which its SuperLink enforces. */
export const MAX_FAB_BYTES = 10 * 1024 * 1024;

/** Bytes that the files of a bundle may have together once unpacked. Flower stores them uncompressed, so its own
 * bundles stay below {@link MAX_FAB_BYTES}; what others compress may be this much larger. */
export const MAX_UNPACKED_BYTES = 4 * MAX_FAB_BYTES;

/** Files in a bundle, its list of contents included. */
export const MAX_FAB_FILES = 10_000;

/** Bytes of the largest attachment, a file that travels beside its bundle: a model of 130 million float32. */
export const MAX_ATTACHMENT_BYTES = 512 * 1024 * 1024;

/** Bytes that the attachments of one bundle may have together. */
export const MAX_ATTACHED_BYTES = 2 * MAX_ATTACHMENT_BYTES;

/** Attachments of one bundle. */
export const MAX_ATTACHMENTS = 32;

/** Bytes of an attachment's piece, but for the last: one call carries it, and no program has more of it in memory. */
export const ATTACHMENT_PIECE_BYTES = 4 * 1024 * 1024;

/** Bytes of attachments that a node's machine keeps for the next runs: those of four of the largest bundles. */
export const MAX_CACHED_ATTACHMENT_BYTES = 4 * MAX_ATTACHED_BYTES;

/** Seconds after which a file that was being fetched is left over from a process that died. */
export const STALE_PART_SECONDS = 86_400;

/** Folders that a file of an app may lie below: Flower refuses more when it builds. */
export const MAX_FOLDER_DEPTH = 10;

/** UTF-8 bytes of a name between two slashes: what file systems take. */
export const MAX_SEGMENT_BYTES = 255;

/** UTF-8 bytes of a whole path in a bundle: leaves room for the folder it is installed to. */
export const MAX_PATH_BYTES = 1024;

/** Bytes of a pyproject.toml or flwr.toml that is parsed. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

/** Structures within structures that a pyproject.toml may have. */
export const MAX_TOML_DEPTH = 64;

/** Characters of an app's name: Flower's limit. */
export const MAX_NAME_LENGTH = 32;

/** Characters of a publisher or a version: both become part of a folder's name. */
export const MAX_LABEL_LENGTH = 64;

/** Hexadecimal digits of a bundle's hash that its file and its folder are named by. */
export const SHORT_HASH_LENGTH = 8;

/** Files that are looked at in an app's folder before the build gives up: a folder that is no app's, such as "/". */
export const MAX_FILES_LOOKED_AT = 200_000;

/** Apps that runs brought which a machine keeps; those in use may be more. */
export const MAX_KEPT_APPS = 100;

/** Bytes of the apps that runs brought which a machine keeps: of four with all attachments that there may be. */
export const MAX_KEPT_APPS_BYTES: number = 4 * MAX_ATTACHED_BYTES;
