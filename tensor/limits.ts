/** Most axes an array may have: numpy 1's own limit (`NPY_MAXDIMS`), far above what any model uses. */
export const MAX_RANK = 32;

/** Most bytes of elements in one array: 4 GiB, several times what any Flower message may carry. */
export const MAX_ARRAY_BYTES = 2 ** 32;
