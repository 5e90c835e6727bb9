// Generated from proto/onnx/onnx.proto by `deno task proto`. Do not edit.

import {
  BYTES,
  DOUBLE,
  FLOAT,
  INT32,
  INT64,
  list,
  nested,
  nestedList,
  optional,
  single,
  STRING,
  UINT64,
} from "./field.ts";
import { OnnxMessageType } from "./message_type.ts";
import type {
  AttributeProto,
  DimensionProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetIdProto,
  StringStringEntryProto,
  TensorProto,
  TensorShapeProto,
  TensorTypeProto,
  TypeProto,
  ValueInfoProto,
} from "./messages.ts";

/** {@link StringStringEntryProto} */
export const PAIR: OnnxMessageType<StringStringEntryProto> = new OnnxMessageType({
  key: single(1, STRING),
  value: single(2, STRING),
});

/** {@link OperatorSetIdProto} */
export const OPERATOR_SET: OnnxMessageType<OperatorSetIdProto> = new OnnxMessageType({
  domain: single(1, STRING),
  version: single(2, INT64),
});

/** {@link TensorProto} */
export const TENSOR: OnnxMessageType<TensorProto> = new OnnxMessageType({
  dims: list(1, INT64),
  dataType: single(2, INT32),
  segment: optional(3, BYTES),
  floatData: list(4, FLOAT),
  int32Data: list(5, INT32),
  stringData: list(6, BYTES),
  int64Data: list(7, INT64),
  name: single(8, STRING),
  rawData: single(9, BYTES),
  doubleData: list(10, DOUBLE),
  uint64Data: list(11, UINT64),
  docString: single(12, STRING),
  externalData: nestedList(13, () => PAIR),
  dataLocation: single(14, INT32),
  metadataProps: nestedList(16, () => PAIR),
});

/** {@link DimensionProto} */
export const DIMENSION: OnnxMessageType<DimensionProto> = new OnnxMessageType({
  dimValue: optional(1, INT64),
  dimParam: optional(2, STRING),
  denotation: single(3, STRING),
});

/** {@link TensorShapeProto} */
export const SHAPE: OnnxMessageType<TensorShapeProto> = new OnnxMessageType({
  dim: nestedList(1, () => DIMENSION),
});

/** {@link TensorTypeProto} */
export const TENSOR_TYPE: OnnxMessageType<TensorTypeProto> = new OnnxMessageType({
  elemType: single(1, INT32),
  shape: nested(2, () => SHAPE),
});

/** {@link TypeProto} */
export const TYPE: OnnxMessageType<TypeProto> = new OnnxMessageType({
  tensorType: nested(1, () => TENSOR_TYPE),
  sequenceType: optional(4, BYTES),
  mapType: optional(5, BYTES),
  denotation: single(6, STRING),
  opaqueType: optional(7, BYTES),
  sparseTensorType: optional(8, BYTES),
  optionalType: optional(9, BYTES),
});

/** {@link ValueInfoProto} */
export const VALUE_INFO: OnnxMessageType<ValueInfoProto> = new OnnxMessageType({
  name: single(1, STRING),
  type: nested(2, () => TYPE),
  docString: single(3, STRING),
  metadataProps: nestedList(4, () => PAIR),
});

/** {@link AttributeProto} */
export const ATTRIBUTE: OnnxMessageType<AttributeProto> = new OnnxMessageType({
  name: single(1, STRING),
  f: single(2, FLOAT),
  i: single(3, INT64),
  s: single(4, BYTES),
  t: nested(5, () => TENSOR),
  g: nested(6, () => GRAPH),
  floats: list(7, FLOAT),
  ints: list(8, INT64),
  strings: list(9, BYTES),
  tensors: list(10, BYTES),
  graphs: list(11, BYTES),
  docString: single(13, STRING),
  tp: optional(14, BYTES),
  typeProtos: list(15, BYTES),
  type: single(20, INT32),
  refAttrName: single(21, STRING),
  sparseTensor: optional(22, BYTES),
  sparseTensors: list(23, BYTES),
});

/** {@link NodeProto} */
export const NODE: OnnxMessageType<NodeProto> = new OnnxMessageType({
  input: list(1, STRING),
  output: list(2, STRING),
  name: single(3, STRING),
  opType: single(4, STRING),
  attribute: nestedList(5, () => ATTRIBUTE),
  docString: single(6, STRING),
  domain: single(7, STRING),
  overload: single(8, STRING),
  metadataProps: nestedList(9, () => PAIR),
  deviceConfigurations: list(10, BYTES),
});

/** {@link GraphProto} */
export const GRAPH: OnnxMessageType<GraphProto> = new OnnxMessageType({
  node: nestedList(1, () => NODE),
  name: single(2, STRING),
  initializer: nestedList(5, () => TENSOR),
  docString: single(10, STRING),
  input: nestedList(11, () => VALUE_INFO),
  output: nestedList(12, () => VALUE_INFO),
  valueInfo: nestedList(13, () => VALUE_INFO),
  quantizationAnnotation: list(14, BYTES),
  sparseInitializer: list(15, BYTES),
  metadataProps: nestedList(16, () => PAIR),
});

/** {@link FunctionProto} */
export const FUNCTION: OnnxMessageType<FunctionProto> = new OnnxMessageType({
  name: single(1, STRING),
  input: list(4, STRING),
  output: list(5, STRING),
  attribute: list(6, STRING),
  node: nestedList(7, () => NODE),
  docString: single(8, STRING),
  opsetImport: nestedList(9, () => OPERATOR_SET),
  domain: single(10, STRING),
  attributeProto: nestedList(11, () => ATTRIBUTE),
  valueInfo: nestedList(12, () => VALUE_INFO),
  overload: single(13, STRING),
  metadataProps: nestedList(14, () => PAIR),
});

/** {@link ModelProto} */
export const MODEL: OnnxMessageType<ModelProto> = new OnnxMessageType({
  irVersion: single(1, INT64),
  producerName: single(2, STRING),
  producerVersion: single(3, STRING),
  domain: single(4, STRING),
  modelVersion: single(5, INT64),
  docString: single(6, STRING),
  graph: nested(7, () => GRAPH),
  opsetImport: nestedList(8, () => OPERATOR_SET),
  metadataProps: nestedList(14, () => PAIR),
  trainingInfo: list(20, BYTES),
  functions: nestedList(25, () => FUNCTION),
  configuration: list(26, BYTES),
});
