/** Bytes of the largest bundle that is built, read or sent: Flower's own limit, which its SuperLink enforces. */
export const MAX_FAB_BYTES = 10 * 1024 * 1024;

/** Files in a bundle, its list of contents included. */
export const MAX_FAB_FILES = 10_000;

/** Folders that a file of an app may lie below: Flower refuses more when it builds. */
export const MAX_FOLDER_DEPTH = 10;
