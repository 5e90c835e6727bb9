/** Most axes an array may have: numpy 1's own limit (`NPY_MAXDIMS`), far above what any model uses. */
export const MAX_RANK = 32;

/** Longest text header of a .npy file, in bytes: what numpy itself reads by default (`max_header_size`). */
export const MAX_NPY_HEADER_BYTES = 10_000;

/** Most bytes of elements in one array: 4 GiB, several times what any Flower message may carry. */
export const MAX_ARRAY_BYTES = 2 ** 32;

/** Most files in a zip archive; more than the parameters of any model, and less than the format could say. */
export const MAX_ZIP_ENTRIES = 10_000;
