import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { CallHead } from "./call.ts";
import type { BoundMethod } from "./service.ts";
import { WireType } from "./wire/records.ts";
import { wireTypeOfScalar } from "./wire/scalar_type.ts";

/**
 * Selects the service that a request is for, among those that share its path: the first whose method has a field with
 * the request's first tag. Services whose header the call has come first, then services that need no header.
 *
 * The Fleet services of Flower 1.9 and of later versions share CreateNode, DeleteNode, Ping and GetRun. Only later
 * versions send a key with each call of these. Without authentication, nodes of 1.9 send nothing.
 *
 * @param methods at least one; the first handles an empty request, and one that fits no method
 */
export function methodFor(
  methods: readonly BoundMethod[],
  bytes: Uint8Array,
  call: CallHead,
): BoundMethod {
  if (methods.length === 1) return methods[0]!;
  const open = methods.filter(({ identifyingHeader }) => identifyingHeader === undefined);
  const candidates = [...knownMethods(methods, call), ...open, ...methods];
  return candidates.find(({ desc }) => startsLike(desc.input, bytes)) ?? candidates[0]!;
}

/** Admission of a call by its headers: the method that admitted it, and what the headers prove about the caller. */
export interface HeaderAdmission {
  readonly method: BoundMethod;
  readonly found: unknown;
}

/**
 * Admits a call to a path by its headers: calls `admit` of each service the headers are meant for. One admission is
 * enough, because {@link methodFor} decides later, by the body.
 *
 * @throws the first refusal if none admits it
 */
export async function admitCall(
  methods: readonly BoundMethod[],
  call: CallHead,
): Promise<HeaderAdmission> {
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
 * The result of a method's own `admit`. If another service admitted the call, or the transport did not ask, `admit`
 * is called now.
 */
export async function admitResult(
  method: BoundMethod,
  call: CallHead,
  entry: HeaderAdmission | undefined,
): Promise<unknown> {
  return entry?.method === method ? entry.found : await method.admit?.(call);
}

/** The methods of services whose header the call has. */
function knownMethods(methods: readonly BoundMethod[], call: CallHead): readonly BoundMethod[] {
  return methods.filter(({ identifyingHeader }) =>
    identifyingHeader !== undefined && has(call, identifyingHeader)
  );
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
