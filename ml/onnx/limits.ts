/** The version of ONNX's operator set that models are written for. */
export const OPSET_VERSION = 18;

/** The version of ONNX's file format that models are written in: the one that came with the operator set. */
export const IR_VERSION = 8n;
