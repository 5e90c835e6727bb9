import { joinBytes } from "../../base/bytes.ts";

/** Puts parts of a body together; a single one is taken as it is. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : joinBytes(parts);
}
