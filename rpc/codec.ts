import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ApiError } from "./api_error.ts";
import { MAX_REQUEST_UNITS, SMALL_BODY_BYTES } from "./limits.ts";
import { weigh } from "./wire/weigh.ts";

/**
 * Decodes a message. Its `bytes` fields are views of the received bytes, not copies.
 *
 * @throws Error for bytes that are not such a message
 */
export function decode<M extends DescMessage>(schema: M, bytes: Uint8Array): MessageShape<M> {
  return fromBinary(schema, bytes);
}

/**
 * As {@link decode}, for messages from other machines: bounds how long decoding may take.
 *
 * @param most maximum cost in the units of `weigh`
 * @throws ApiError "request-malformed" for a message with too many fields; Error for bytes that are not such a
 *   message
 */
export function decodeRequest<M extends DescMessage>(
  schema: M,
  bytes: Uint8Array,
  most: number = MAX_REQUEST_UNITS,
): MessageShape<M> {
  requireFewParts(schema, bytes, most);
  return decode(schema, bytes);
}

/**
 * Bounds how long it takes to go through a message field by field, in one pass that makes nothing.
 *
 * @param most maximum cost in the units of `weigh`
 * @throws ApiError "request-malformed" for a message with too many fields; FlwrError "invalid-argument" for bytes
 *   that are not such a message, if there are enough of them to be checked
 */
export function requireFewParts(schema: DescMessage, bytes: Uint8Array, most: number): void {
  // Each unit takes at least one byte.
  if (bytes.length <= most || weigh(schema, bytes, most) <= most) return;
  throw tooManyParts(schema, most);
}

/** The error of a message that costs more than it may. */
export function tooManyParts(schema: DescMessage, most: number): ApiError {
  return new ApiError(
    "request-malformed",
    `The ${schema.name} has too many parts: expected at most ${most} fields, messages and short texts. ` +
      "Put long lists into arrays or bytes",
  );
}

/** Encodes a message, given as a message or as its fields. */
export function encode<M extends DescMessage>(
  schema: M,
  message: MessageInitShape<M>,
): Uint8Array<ArrayBuffer> {
  return toBinary(schema, create(schema, message));
}

/** As {@link encode}, in parts: a large `bytes` field at the end of a message becomes the last part without a copy. */
export function encodeInParts<M extends DescMessage>(
  schema: M,
  message: MessageInitShape<M>,
): Uint8Array[] {
  const whole: Message = create(schema, message);
  const field = lastField(schema);
  const content = field === undefined ? undefined : Reflect.get(whole, field.localName);
  const isLast = whole.$unknown === undefined || whole.$unknown.length === 0;
  if (!isLast || !(content instanceof Uint8Array) || content.length <= SMALL_BODY_BYTES) {
    return [toBinary(schema, whole as MessageShape<M>)];
  }
  const rest = { ...whole, [field!.localName]: new Uint8Array() };
  const head = new BinaryWriter()
    .raw(toBinary(schema, rest as unknown as MessageShape<M>))
    .tag(field!.number, WireType.LengthDelimited)
    .uint32(content.length);
  return [head.finish(), content];
}

/** FeatureSet.FieldPresence.IMPLICIT of descriptor.proto, repeated here because loading that file takes time. */
const IMPLICIT: (DescField & { fieldKind: "scalar" })["presence"] = 2;

/** The field with the highest number, which is written last, if it is a `bytes` field without explicit presence. */
function lastField({ fields }: DescMessage): DescField | undefined {
  const last = fields.reduce<DescField | undefined>(
    (highest, field) => highest === undefined || field.number > highest.number ? field : highest,
    undefined,
  );
  return last?.fieldKind === "scalar" && last.scalar === ScalarType.BYTES &&
      last.oneof === undefined && last.presence === IMPLICIT
    ? last
    : undefined;
}
