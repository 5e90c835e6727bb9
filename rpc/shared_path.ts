import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import type { Admit, CallHead } from "./call.ts";
import type { BoundMethod } from "./service.ts";

/**
 * Which of the services that share a path a request is for: the first whose method takes a request that starts so.
 * The Fleet services of Flower 1.9 and of today share GetRun alone, whose requests start with a number in the one and
 * with a message, or with a number under another field, in the other.
 *
 * @param methods at least one; the first takes what no method fits, and an empty request
 */
export function methodFor(methods: readonly BoundMethod[], bytes: Uint8Array): BoundMethod {
  const fitting = methods.length === 1
    ? undefined
    : methods.find(({ desc }) => startsLike(desc.input, bytes));
  return fitting ?? methods[0]!;
}

/**
 * What lets calls in to a path: the `admit` of each service that the call's headers are meant for. One that lets it
 * in is enough, because {@link methodFor} decides later, by the body.
 *
 * @returns undefined when every call is let in
 */
export function admitFor(methods: readonly BoundMethod[]): Admit | undefined {
  const [only, ...others] = methods;
  if (others.length === 0) return only?.admit;
  return async (call) => {
    const known = methods.filter(({ knownBy }) => knownBy !== undefined && has(call, knownBy));
    const asked = known.length > 0 ? known : methods;
    let refusal: unknown;
    for (const { admit } of asked) {
      if (admit === undefined) return;
      try {
        return await admit(call);
      } catch (error) {
        refusal ??= error;
      }
    }
    throw refusal;
  };
}

function has(call: CallHead, name: string): boolean {
  return call.header(name) !== undefined || call.headerBytes(name) !== undefined;
}

/** Whether the first byte of a request is the tag of a field that the message has. Fields above 15 have longer tags. */
function startsLike(message: DescMessage, bytes: Uint8Array): boolean {
  const tag = bytes[0];
  return tag === undefined || message.fields.some((field) => tag === tagOf(field));
}

function tagOf(field: DescField): number {
  return field.number << 3 | wireTypeOf(field);
}

function wireTypeOf(field: DescField): WireType {
  const many = field.fieldKind === "list" && field.packed;
  if (many || field.message !== undefined || field.fieldKind === "map") {
    return WireType.LengthDelimited;
  }
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default: // whole numbers, booleans, enums
      return WireType.Varint;
  }
}
