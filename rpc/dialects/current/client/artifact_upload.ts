import type { ArtifactStore } from "../../../../app/artifacts.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { RuntimeClient } from "./runtime_client.ts";

/** Bytes of an artifact that one call carries: a SuperLink takes from 1 to 5 MiB. */
const ARTIFACT_PIECE_BYTES = 4 * 1024 * 1024;

/** Keeps a ServerApp's artifacts at its SuperLink, piece by piece. */
export class ArtifactUpload implements ArtifactStore {
  readonly #client: RuntimeClient;
  readonly #pieceBytes: number;

  /** @param pieceBytes what one call carries */
  constructor(client: RuntimeClient, pieceBytes: number = ARTIFACT_PIECE_BYTES) {
    this.#client = client;
    this.#pieceBytes = pieceBytes;
  }

  /**
   * @returns false when the SuperLink keeps none, as Flower's own
   * @throws FlwrError "resource-exhausted" when this is too much for it; "data-loss" when it has not all of the file at
   *   the end
   */
  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    let complete = false;
    try {
      // A file without bytes is one piece, too.
      for (let offset = 0; offset === 0 || offset < bytes.length; offset += this.#pieceBytes) {
        const piece = bytes.subarray(offset, offset + this.#pieceBytes);
        complete = await this.#client.pushArtifact(name, bytes.length, offset, piece);
      }
    } catch (cause) {
      const error = FlwrError.from(cause);
      if (error.code === "unimplemented") return false;
      if (error.code !== "resource-exhausted") throw error;
      throw new FlwrError(error.code, error.message, {
        hints: ["Save under a name that was used: that replaces it"],
        cause,
      });
    }
    if (complete) return true;
    throw new FlwrError(
      "data-loss",
      `Artifact "${name}" is not whole at the SuperLink after its last piece`,
    );
  }
}
