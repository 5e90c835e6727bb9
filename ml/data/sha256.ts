import { createHash } from "node:crypto";

/** The SHA-256 of bytes, computed beside the event loop where the memory is not shared with other threads. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  // WebCrypto refuses shared memory.
  if (bytes.buffer instanceof ArrayBuffer) {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  }
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}
