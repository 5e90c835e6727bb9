import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { CallHead } from "./call.ts";
import type { BoundMethod } from "./service.ts";
import { WireType } from "./wire/records.ts";
import { wireTypeOfScalar } from "./wire/scalar_type.ts";

/**
 * Which of the services that share a path a request is for: the first whose method takes a request that starts so. Those
 * that the call's headers are meant for come first, then those that ask for no header.
 *
 * The Fleet services of Flower 1.9 and of later share CreateNode, DeleteNode, Ping and GetRun. Only the later ones send a
 * key with each call as they do; where nobody is authenticated, nodes of 1.9 send nothing.
 *
 * @param methods at least one; the first takes what no method fits, and an empty request
 */
export function methodFor(
  methods: readonly BoundMethod[],
  bytes: Uint8Array,
  call: CallHead,
): BoundMethod {
  if (methods.length === 1) return methods[0]!;
  const open = methods.filter(({ knownBy }) => knownBy === undefined);
  const candidates = [...knownMethods(methods, call), ...open, ...methods];
  return candidates.find(({ desc }) => startsLike(desc.input, bytes)) ?? candidates[0]!;
}

/** That a call was let in by its headers: by which service's method, and what that found out of the caller. */
export interface Entry {
  readonly method: BoundMethod;
  readonly found: unknown;
}

/**
 * Lets a call in to a path by its headers: asks the `admit` of each service that they are meant for. One that lets it
 * in is enough, because {@link methodFor} decides later, by the body.
 *
 * @throws what the first of them throws, when none lets it in
 */
export async function admitCall(methods: readonly BoundMethod[], call: CallHead): Promise<Entry> {
  const known = knownMethods(methods, call);
  const asked = known.length > 0 ? known : methods;
  const open = asked.find(({ admit }) => admit === undefined);
  if (open !== undefined) return { method: open, found: undefined };
  let refusal: unknown;
  for (const method of asked) {
    try {
      return { method, found: await method.admit!(call) };
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}

/**
 * What a method's own `admit` found out of a caller. Of a call that another service let in, or that came by a way
 * where nobody asked, it is asked now.
 */
export async function foundBy(
  method: BoundMethod,
  call: CallHead,
  entry: Entry | undefined,
): Promise<unknown> {
  return entry?.method === method ? entry.found : await method.admit?.(call);
}

/** The methods of those services whose header a call has. */
function knownMethods(methods: readonly BoundMethod[], call: CallHead): readonly BoundMethod[] {
  return methods.filter(({ knownBy }) => knownBy !== undefined && has(call, knownBy));
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

function wireTypeOf(field: DescField): number {
  const many = field.fieldKind === "list" && field.packed;
  if (many || field.message !== undefined || field.fieldKind === "map") {
    return WireType.Bytes;
  }
  // What has no scalar type is an enum.
  return wireTypeOfScalar(field.scalar ?? ScalarType.INT32);
}
