import { joinBytes } from "../../base/bytes.ts";

/** Joins the parts of a body. A single part is returned without a copy. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : joinBytes(parts);
}
