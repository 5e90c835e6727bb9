import { fromBinary, isFieldSet } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** The tables' names, by the messages that they describe. The reader keeps all other messages as bytes. */
const MESSAGES: Readonly<Record<string, readonly [table: string, type: string]>> = {
  "StringStringEntryProto": ["PAIR", "StringStringEntryProto"],
  "OperatorSetIdProto": ["OPERATOR_SET", "OperatorSetIdProto"],
  "TensorProto": ["TENSOR", "TensorProto"],
  "TensorShapeProto.Dimension": ["DIMENSION", "DimensionProto"],
  "TensorShapeProto": ["SHAPE", "TensorShapeProto"],
  "TypeProto.Tensor": ["TENSOR_TYPE", "TensorTypeProto"],
  "TypeProto": ["TYPE", "TypeProto"],
  "ValueInfoProto": ["VALUE_INFO", "ValueInfoProto"],
  "AttributeProto": ["ATTRIBUTE", "AttributeProto"],
  "NodeProto": ["NODE", "NodeProto"],
  "GraphProto": ["GRAPH", "GraphProto"],
  "FunctionProto": ["FUNCTION", "FunctionProto"],
  "ModelProto": ["MODEL", "ModelProto"],
};

/** Fields of the messages above that the reader keeps as bytes, because no operator that we import uses them. */
const UNREAD: ReadonlySet<string> = new Set([
  "AttributeProto.tensors",
  "AttributeProto.graphs",
  "AttributeProto.tp",
  "AttributeProto.type_protos",
]);

const ENUMS: Readonly<Record<string, readonly [name: string, comment: string]>> = {
  "TensorProto.DataType": ["ELEMENT", "ONNX's numbers for the types of elements"],
  "TensorProto.DataLocation": ["LOCATION", "Where a tensor's elements are stored"],
  "AttributeProto.AttributeType": [
    "ATTRIBUTE_TYPE",
    "Which field of an attribute holds its value",
  ],
};

/** The names in `ml/onnx/message/field.ts` for the types of protocol buffers. */
const SCALARS: Partial<Record<Type, string>> = {
  [Type.BYTES]: "BYTES",
  [Type.DOUBLE]: "DOUBLE",
  [Type.ENUM]: "INT32",
  [Type.FLOAT]: "FLOAT",
  [Type.INT32]: "INT32",
  [Type.INT64]: "INT64",
  [Type.MESSAGE]: "BYTES",
  [Type.STRING]: "STRING",
  [Type.UINT64]: "UINT64",
};

const HEADER = "// Generated from proto/onnx/onnx.proto by `deno task proto`. Do not edit.\n\n";

/**
 * Makes the modules of `ml/onnx/message` that follow from onnx.proto: the fields of each message, and the numbers of
 * enumerations.
 *
 * @param files onnx.proto, compiled to a `FileDescriptorSet`
 * @returns the text of each module, not formatted, by its file name
 * @throws Error if onnx.proto lacks a message or an enumeration, or has a type that the reader does not know
 */
export function onnxTables(files: Uint8Array): ReadonlyMap<string, string> {
  const { messages, enums } = declarations(fromBinary(FileDescriptorSetSchema, files).file);
  return new Map([
    ["types.ts", typesModule(messages)],
    ["numbers.ts", numbersModule(enums)],
  ]);
}

interface Declarations {
  readonly messages: ReadonlyMap<string, DescriptorProto>;
  readonly enums: ReadonlyMap<string, EnumDescriptorProto>;
}

/** All messages and enumerations by their names without the package, like `TypeProto.Tensor`. */
function declarations(
  files: readonly { messageType: DescriptorProto[]; enumType: EnumDescriptorProto[] }[],
): Declarations {
  const messages = new Map<string, DescriptorProto>();
  const enums = new Map<string, EnumDescriptorProto>();
  const add = (message: DescriptorProto, around: string) => {
    const name = `${around}${message.name}`;
    messages.set(name, message);
    for (const inner of message.nestedType) add(inner, `${name}.`);
    for (const inner of message.enumType) enums.set(`${name}.${inner.name}`, inner);
  };
  for (const file of files) file.messageType.forEach((message) => add(message, ""));
  return { messages, enums };
}

function typesModule(messages: Declarations["messages"]): string {
  const helpers = new Set<string>();
  const tables = Object.entries(MESSAGES).map(([name, [table, type]]) => {
    const fields = [...found(messages, name).field].sort((a, b) => a.number - b.number);
    const lines = fields.map((field) => {
      const { kind, content } = fieldKind(name, field);
      for (const helper of [kind, content]) if (!helper.startsWith("() =>")) helpers.add(helper);
      return `  ${camelCase(field.name)}: ${kind}(${field.number}, ${content}),\n`;
    });
    // Messages contain each other, so TypeScript cannot infer the types of all tables.
    return `/** {@link ${type}} */\nexport const ${table}: OnnxMessageType<${type}> = new OnnxMessageType({\n${
      lines.join("")
    }});\n`;
  });
  const types = Object.values(MESSAGES).map(([, type]) => type).sort();
  return HEADER + [
    `import { ${[...helpers].sort(ignoringCase).join(", ")} } from "./field.ts";`,
    `import { OnnxMessageType } from "./message_type.ts";`,
    `import type { ${types.join(", ")} } from "./messages.ts";\n`,
    ...tables,
  ].join("\n");
}

/** The function of `field.ts` that describes a field, and its argument: a scalar, or the table of a message. */
function fieldKind(
  message: string,
  field: FieldDescriptorProto,
): { readonly kind: string; readonly content: string } {
  const isRepeated = field.label === Label.REPEATED;
  const table = UNREAD.has(`${message}.${field.name}`)
    ? undefined
    : MESSAGES[field.typeName.replace(/^\.onnx\./, "")]?.[0];
  if (table !== undefined) {
    return { kind: isRepeated ? "nestedList" : "nested", content: `() => ${table}` };
  }
  const content = SCALARS[field.type];
  if (content === undefined) {
    throw new Error(`${message}.${field.name} has the type ${Type[field.type]}: add it to SCALARS`);
  }
  // Empty bytes are a valid message, and in a choice between fields zero differs from a missing field.
  const isChoice = isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex);
  const canBeMissing = field.type === Type.MESSAGE || isChoice;
  return { kind: isRepeated ? "list" : canBeMissing ? "optional" : "single", content };
}

function numbersModule(enums: Declarations["enums"]): string {
  return HEADER + Object.entries(ENUMS).map(([source, [name, comment]]) => {
    const values = [...found(enums, source).value].sort((a, b) => a.number - b.number);
    return `/** ${comment} (${source}). */\nexport const ${name} = {\n${
      values.map(({ name, number }) => `  ${name}: ${number},\n`).join("")
    }} as const;\n`;
  }).join("\n");
}

function found<T>(all: ReadonlyMap<string, T>, name: string): T {
  const one = all.get(name);
  if (one === undefined) throw new Error(`proto/onnx/onnx.proto has no ${name}`);
  return one;
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function ignoringCase(a: string, b: string): number {
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}
