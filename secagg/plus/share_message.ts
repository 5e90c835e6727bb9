import { joinBytes } from "../../base/bytes.ts";
import { FlwrError } from "../../base/error.ts";

/** Two node ids and the length of the seed's share. */
const HEAD_BYTES = 20;

/** What a node tells a neighbour, encrypted: a share of each of its two secrets. */
export interface ShareMessage {
  /** The node whose secrets are shared. */
  readonly source: bigint;
  /** The node that gets the shares. */
  readonly destination: bigint;
  /** A share of the seed of the source's own mask. */
  readonly seedShare: Uint8Array;
  /** A share of the private key that the source makes its pairwise masks with. */
  readonly keyShare: Uint8Array;
}

/** Puts a message together, as Flower does: little-endian ids and length, then the shares. */
export function encodeShareMessage(message: ShareMessage): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setBigUint64(0, message.source, true);
  view.setBigUint64(8, message.destination, true);
  view.setUint32(16, message.seedShare.length, true);
  return joinBytes([head, message.seedShare, message.keyShare]);
}

/** Takes a message apart. @throws FlwrError "invalid-argument" when it is too short */
export function decodeShareMessage(bytes: Uint8Array): ShareMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const keyStart = bytes.length < HEAD_BYTES ? Infinity : HEAD_BYTES + view.getUint32(16, true);
  if (keyStart >= bytes.length) {
    throw new FlwrError(
      "invalid-argument",
      `A message of shares ends early: ${bytes.length} bytes`,
    );
  }
  return {
    source: view.getBigUint64(0, true),
    destination: view.getBigUint64(8, true),
    seedShare: bytes.slice(HEAD_BYTES, keyStart),
    keyShare: bytes.slice(keyStart),
  };
}
