/** The version of ONNX's operator set that models are written for. */
export const OPSET_VERSION = 18;

/** The version of ONNX's file format that models are written in: the one that came with the operator set. */
export const IR_VERSION = 8n;

/** Oldest and newest version of ONNX's operator set that files may be written for. */
export const READABLE_OPSETS = { oldest: 7, newest: 28 } as const;

/** Most bytes of a model file: protocol buffers cannot be larger (2 GiB). */
export const MAX_MODEL_BYTES = 2 ** 31 - 1;

/** Most bytes of elements in one tensor of a file, its external data included: 2 GiB. */
export const MAX_TENSOR_BYTES = 2 ** 31 - 1;

/** Most nodes in a model: a hundred times what large networks have. */
export const MAX_NODES = 100_000;

/** How deep graphs may lie in each other in a model from somebody who is not trusted: a loop's body in its graph. */
export const MAX_GRAPH_DEPTH = 2;
