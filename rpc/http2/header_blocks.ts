import { joinBytes } from "../../base/bytes.ts";
import { type HeaderField, HpackDecoder, HpackError } from "./hpack/decoder.ts";
import {
  HEADER_BYTES_PER_FRAME,
  HEADER_TABLE_BYTES,
  MAX_HEADER_BLOCK_BYTES,
  MAX_HEADER_LIST_BYTES,
} from "./limits.ts";
import { ConnectionError, ERROR, FLAG, type FrameHead, misplaced, unpadded } from "./protocol.ts";

/** A complete header block. */
export interface HeaderBlock {
  readonly streamId: number;
  /** Whether the client sends nothing after it on its stream. */
  readonly ends: boolean;
  /** Undefined if there are too many. */
  readonly fields: readonly HeaderField[] | undefined;
}

/**
 * Assembles the header blocks of a connection, each from a HEADERS frame and any number of CONTINUATION frames, and
 * decodes them.
 */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder(HEADER_TABLE_BYTES, MAX_HEADER_LIST_BYTES);
  readonly #spendFrames: (frames: number) => void;
  #begun: { readonly head: FrameHead; readonly parts: Uint8Array[]; length: number } | undefined;

  /** @param spendFrames takes frames from the client's allowance, for the bytes of a part; throws if too few are left */
  constructor(spendFrames: (frames: number) => void) {
    this.#spendFrames = spendFrames;
  }

  /** Whether a block has begun and is not complete. No other frame may come between its parts. */
  get hasBegun(): boolean {
    return this.#begun !== undefined;
  }

  /** Takes a HEADERS frame. @returns the block, if it is complete. @throws ConnectionError for a malformed one */
  begin(head: FrameHead, payload: Uint8Array): HeaderBlock | undefined {
    if (head.streamId % 2 === 0) throw misplaced("HEADERS");
    let block = head.flags & FLAG.padded ? unpadded(payload) : payload;
    if (head.flags & FLAG.priority) block = block.subarray(5);
    this.#begun = { head, parts: [], length: 0 };
    return this.#add(block, (head.flags & FLAG.endHeaders) !== 0);
  }

  /** Takes a CONTINUATION frame, like {@link begin}. */
  proceed(head: FrameHead, payload: Uint8Array): HeaderBlock | undefined {
    if (this.#begun?.head.streamId !== head.streamId) throw misplaced("CONTINUATION");
    return this.#add(payload, (head.flags & FLAG.endHeaders) !== 0);
  }

  #add(part: Uint8Array, isLast: boolean): HeaderBlock | undefined {
    const begun = this.#begun!;
    begun.length += part.length;
    this.#spendFrames(part.length / HEADER_BYTES_PER_FRAME);
    if (begun.length > MAX_HEADER_BLOCK_BYTES) {
      throw new ConnectionError(ERROR.enhanceYourCalm, "A header block is too large");
    }
    if (!isLast) {
      begun.parts.push(part.slice());
      return undefined;
    }
    this.#begun = undefined;
    const { tooLarge, fields } = this.#decode(
      begun.parts.length === 0 ? part : joinBytes([...begun.parts, part]),
    );
    const { streamId, flags } = begun.head;
    return {
      streamId,
      ends: (flags & FLAG.endStream) !== 0,
      fields: tooLarge ? undefined : fields,
    };
  }

  #decode(block: Uint8Array) {
    try {
      return this.#decoder.decode(block);
    } catch (error) {
      if (error instanceof HpackError) throw new ConnectionError(ERROR.compression, error.message);
      throw error;
    }
  }
}
