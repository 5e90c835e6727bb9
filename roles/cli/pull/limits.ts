/** Bytes of the list of a run's artifacts that are read: a thousand of them take 300 kB. */
export const MAX_INDEX_BYTES = 2 * 1024 * 1024;

/** Artifacts that such a list may have. */
export const MAX_LISTED_ARTIFACTS = 10_000;
