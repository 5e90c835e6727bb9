import { joinBytes } from "../../base/bytes.ts";

/** Name and version of the protocol. Everything that is hashed, signed or derived begins with it. */
export const PROTOCOL = "flwr secure aggregation 1";

/** A part of a statement: a text, a node id or run id (uint64), a number (float64), or bytes. */
export type Part = string | bigint | number | Uint8Array;

/** Bytes in front of each part: its type and its length. */
const HEAD_BYTES = 5;

/**
 * Encodes values so that different values never have the same bytes: each part has its type and its length in front.
 *
 * @param purpose what the statement is for: statements of different purposes differ
 */
export function statement(purpose: string, ...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return joinBytes([PROTOCOL, purpose, ...parts].flatMap((part) => {
    const [type, bytes] = encoded(part);
    const head = new Uint8Array(HEAD_BYTES);
    head[0] = type;
    new DataView(head.buffer).setUint32(1, bytes.length);
    return [head, bytes];
  }));
}

/** The SHA-256 of a {@link statement}. */
export async function statementHash(
  purpose: string,
  ...parts: readonly Part[]
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", statement(purpose, ...parts)));
}

function encoded(part: Part): [type: number, bytes: Uint8Array] {
  if (typeof part === "string") return [1, new TextEncoder().encode(part)];
  if (typeof part === "object") return [4, part];
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (typeof part === "bigint") {
    view.setBigUint64(0, part);
    return [2, bytes];
  }
  view.setFloat64(0, part);
  return [3, bytes];
}
