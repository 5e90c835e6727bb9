/** Most elements of any array while a file's graph is applied: 2³¹, beyond what training could hold in memory. */
export const MAX_VALUE_ELEMENTS = 2 ** 31;

/** Most elements of an array that a node makes out of nothing: 64 MiB of float32. */
export const MAX_CONSTANT_ELEMENTS = 2 ** 24;

/** Most elements of all such arrays of one graph together: 512 MiB of float32. */
export const MAX_ALL_CONSTANT_ELEMENTS = 2 ** 27;

/** Most elements of an array that is computed while a graph is read, in about 0.2 s. */
export const MAX_FOLDED_ELEMENTS = 2 ** 20;

/** Most axes lengths, starts, ends and the like that one input of a node may list. */
export const MAX_LISTED_NUMBERS = 2 ** 16;

/** How deep functions of a file may call each other; exporters stay below 5. */
export const MAX_FUNCTION_DEPTH = 16;
