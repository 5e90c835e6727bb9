import type { CheckpointStore } from "../../../../app/checkpoints.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { RuntimeClient } from "./runtime_client.ts";

/** Bytes of a checkpoint per call: a SuperLink accepts 1 to 5 MiB. */
const CHECKPOINT_PIECE_BYTES = 4 * 1024 * 1024;

/** Largest accepted checkpoint, in bytes, as in the SuperLink. */
const MAX_CHECKPOINT_BYTES = 2 * 2 ** 30;

/** Stores a run's checkpoints at its SuperLink, piece by piece. */
export class CheckpointTransfer implements CheckpointStore {
  readonly #client: RuntimeClient;
  readonly #pieceBytes: number;

  /** @param pieceBytes bytes per call */
  constructor(client: RuntimeClient, pieceBytes: number = CHECKPOINT_PIECE_BYTES) {
    this.#client = client;
    this.#pieceBytes = pieceBytes;
  }

  /**
   * Uploads a checkpoint.
   *
   * @returns false if the SuperLink stores no checkpoints, as Flower's own
   * @throws FlwrError "resource-exhausted" if the SuperLink's limits do not allow it; "data-loss" if the SuperLink
   *   does not have all of it at the end
   */
  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    let complete = false;
    try {
      for (let offset = 0; offset < bytes.length; offset += this.#pieceBytes) {
        const piece = bytes.subarray(offset, offset + this.#pieceBytes);
        complete = await this.#client.pushCheckpoint(name, bytes.length, offset, piece);
      }
    } catch (error) {
      if (isNotOffered(error)) return false;
      throw error;
    }
    if (complete) return true;
    throw new FlwrError("data-loss", "The SuperLink does not have all of the checkpoint");
  }

  /**
   * Downloads a checkpoint.
   *
   * @returns undefined if there is none, or if the SuperLink stores none
   * @throws FlwrError "data-loss" if its pieces do not fit together; "failed-precondition" if the checkpoints of the
   *   resumed run were removed
   */
  async load(name: string): Promise<Uint8Array | undefined> {
    let bytes = new Uint8Array();
    for (let offset = 0; offset === 0 || offset < bytes.length;) {
      const piece = await this.#client.pullCheckpoint(name, offset).catch((error) => {
        if (isNotOffered(error)) return undefined;
        throw error;
      });
      if (piece === undefined && offset === 0) return undefined;
      if (piece === undefined || piece.content.length === 0) throw incomplete(name);
      if (offset === 0) {
        if (piece.size > MAX_CHECKPOINT_BYTES) throw incomplete(name);
        bytes = new Uint8Array(piece.size);
      }
      if (piece.size !== bytes.length || offset + piece.content.length > bytes.length) {
        throw incomplete(name);
      }
      bytes.set(piece.content, offset);
      offset += piece.content.length;
    }
    return bytes;
  }
}

function isNotOffered(error: unknown): boolean {
  return FlwrError.from(error).code === "unimplemented";
}

function incomplete(name: string): FlwrError {
  return new FlwrError("data-loss", `The SuperLink does not have all of checkpoint "${name}"`, {
    hints: ["Start a new run, without a checkpoint"],
  });
}
