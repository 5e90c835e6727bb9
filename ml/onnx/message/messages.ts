/**
 * The messages of ONNX files that we read; the names are ONNX's. Parts that are never inspected are kept as bytes in
 * their wire format.
 *
 * `types.ts` and `numbers.ts` are generated from `proto/onnx/onnx.proto`. If a message there has another field, the type
 * check of `types.ts` fails until the field is here, too.
 */

/** A model file. */
export interface ModelProto {
  irVersion: bigint;
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: bigint;
  docString: string;
  graph?: GraphProto;
  /** Versions of the operator sets; at least one entry. */
  opsetImport: OperatorSetIdProto[];
  metadataProps: StringStringEntryProto[];
  trainingInfo: Uint8Array[];
  functions: FunctionProto[];
  configuration: Uint8Array[];
}

/** The version of a set of operators. */
export interface OperatorSetIdProto {
  /** Empty for ONNX's own operators. */
  domain: string;
  version: bigint;
}

/** A string with a key. */
export interface StringStringEntryProto {
  key: string;
  value: string;
}

/** A graph of nodes. */
export interface GraphProto {
  /** In topological order. */
  node: NodeProto[];
  name: string;
  /** Constants, by name; may also be listed as inputs. */
  initializer: TensorProto[];
  docString: string;
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  valueInfo: ValueInfoProto[];
  quantizationAnnotation: Uint8Array[];
  sparseInitializer: Uint8Array[];
  metadataProps: StringStringEntryProto[];
}

/** One use of an operator. */
export interface NodeProto {
  /** Names of values; an empty name is an optional input left out. */
  input: string[];
  output: string[];
  name: string;
  opType: string;
  attribute: AttributeProto[];
  docString: string;
  /** The operator set of opType; empty for ONNX's own. */
  domain: string;
  /** Selects one of several functions of the same name. */
  overload: string;
  metadataProps: StringStringEntryProto[];
  deviceConfigurations: Uint8Array[];
}

/** A constant that belongs to a node. */
export interface AttributeProto {
  name: string;
  f: number;
  i: bigint;
  s: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats: number[];
  ints: bigint[];
  strings: Uint8Array[];
  tensors: Uint8Array[];
  graphs: Uint8Array[];
  docString: string;
  tp?: Uint8Array;
  typeProtos: Uint8Array[];
  /** Determines which value field is valid: one of ATTRIBUTE_TYPE. */
  type: number;
  /** Inside a function: the function's attribute that has the value. */
  refAttrName: string;
  sparseTensor?: Uint8Array;
  sparseTensors: Uint8Array[];
}

/** A function of the model: a graph with formal inputs, outputs and attributes, called like an operator. */
export interface FunctionProto {
  name: string;
  input: string[];
  output: string[];
  /** Attributes without a default. */
  attribute: string[];
  node: NodeProto[];
  docString: string;
  opsetImport: OperatorSetIdProto[];
  domain: string;
  /** Attributes with a default. */
  attributeProto: AttributeProto[];
  valueInfo: ValueInfoProto[];
  overload: string;
  metadataProps: StringStringEntryProto[];
}

/** Name and type of a value in a file. */
export interface ValueInfoProto {
  name: string;
  type?: TypeProto;
  docString: string;
  metadataProps: StringStringEntryProto[];
}

/** The type of a value: exactly one field is set. */
export interface TypeProto {
  tensorType?: TensorTypeProto;
  sequenceType?: Uint8Array;
  mapType?: Uint8Array;
  denotation: string;
  opaqueType?: Uint8Array;
  sparseTensorType?: Uint8Array;
  optionalType?: Uint8Array;
}

/** The type of an array. */
export interface TensorTypeProto {
  /** One of ELEMENT. */
  elemType: number;
  /** Missing if even the rank is unknown. */
  shape?: TensorShapeProto;
}

/** The lengths of an array's axes. */
export interface TensorShapeProto {
  dim: DimensionProto[];
}

/** The length of an axis: a number, a name, or unknown. */
export interface DimensionProto {
  dimValue?: bigint;
  dimParam?: string;
  denotation: string;
}

/**
 * An array. Its elements are in rawData (little endian, row-major, no strings), in another file, or in the one typed
 * field that ONNX names for the type: floatData for FLOAT and COMPLEX64; int32Data for INT32 and all narrower types;
 * doubleData for DOUBLE and COMPLEX128; uint64Data for UINT32 and UINT64.
 */
export interface TensorProto {
  dims: bigint[];
  /** One of ELEMENT. */
  dataType: number;
  segment?: Uint8Array;
  floatData: number[];
  int32Data: number[];
  stringData: Uint8Array[];
  int64Data: bigint[];
  name: string;
  rawData: Uint8Array;
  doubleData: number[];
  uint64Data: bigint[];
  docString: string;
  /** With EXTERNAL: "location", "offset", "length", "checksum". */
  externalData: StringStringEntryProto[];
  /** One of LOCATION. */
  dataLocation: number;
  metadataProps: StringStringEntryProto[];
}
