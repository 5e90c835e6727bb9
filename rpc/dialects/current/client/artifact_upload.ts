import type { ArtifactStore } from "../../../../app/artifacts.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { RuntimeClient } from "./runtime_client.ts";

/** Bytes of an artifact per call: a SuperLink accepts 1 to 5 MiB. */
const ARTIFACT_PIECE_BYTES = 4 * 1024 * 1024;

/** Uploads a ServerApp's artifacts to its SuperLink, piece by piece. */
export class ArtifactUpload implements ArtifactStore {
  readonly #client: RuntimeClient;
  readonly #pieceBytes: number;

  /** @param pieceBytes bytes per call */
  constructor(client: RuntimeClient, pieceBytes: number = ARTIFACT_PIECE_BYTES) {
    this.#client = client;
    this.#pieceBytes = pieceBytes;
  }

  /**
   * Uploads a file.
   *
   * @returns false if the SuperLink stores no artifacts, as Flower's own
   * @throws FlwrError "resource-exhausted" if the SuperLink's limits do not allow it; "data-loss" if the SuperLink
   *   does not have the whole file at the end
   */
  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    let complete = false;
    try {
      // An empty file also has one piece.
      for (let offset = 0; offset === 0 || offset < bytes.length; offset += this.#pieceBytes) {
        const piece = bytes.subarray(offset, offset + this.#pieceBytes);
        complete = await this.#client.pushArtifact(name, bytes.length, offset, piece);
      }
    } catch (cause) {
      const error = FlwrError.from(cause);
      if (error.code === "unimplemented") return false;
      if (error.code !== "resource-exhausted") throw error;
      throw new FlwrError(error.code, error.message, {
        hints: ["Save under an existing name to replace that artifact"],
        cause,
      });
    }
    if (complete) return true;
    throw new FlwrError(
      "data-loss",
      `The SuperLink does not have all of artifact "${name}" after its last piece`,
    );
  }
}
