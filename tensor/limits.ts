/** Most axes of an array: the limit of numpy 1 (`NPY_MAXDIMS`), far above the needs of any model. */
export const MAX_RANK = 32;

/** Most bytes of elements in one array: 4 GiB, several times as many as a Flower message can have. */
export const MAX_ARRAY_BYTES = 2 ** 32;
