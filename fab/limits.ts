/** Largest FAB in bytes: Flower's own limit, which its SuperLink enforces. */
export const MAX_FAB_BYTES = 10 * 1024 * 1024;

/** Largest number of files in a FAB, including its list of contents. */
export const MAX_FAB_FILES = 10_000;

/** Largest depth of folders of a file in a FAB. Flower's build has the same limit. */
export const MAX_FOLDER_DEPTH = 10;
