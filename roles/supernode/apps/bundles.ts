import type { AppBundle, FleetConnection, RunInfo } from "../../../app/connection.ts";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { FlwrError } from "../../../base/error.ts";
import { load } from "../../../base/load.ts";
import { log } from "../../../base/log.ts";
import type { CheckedFab } from "../../../fab/fab.ts";
import type { GetPiece } from "../../../fab/attachments.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";
import type { TrustedEntities } from "../trust/trusted_entities.ts";
import { bundleSigner } from "../trust/bundle_signer.ts";

/** A fetched app bundle that passed all checks. */
export interface CheckedBundle {
  readonly bundle: AppBundle;
  readonly fab: CheckedFab;
}

/** Fetches and checks the bundles of runs. Invalid bundles, and those without a trusted signature, are refused. */
export class Bundles {
  readonly #connection: Pick<FleetConnection, "fab" | "piece">;
  readonly #trusted: TrustedEntities | undefined;

  /** @param trusted keys whose signatures are accepted. Undefined: every app is accepted */
  constructor(
    connection: Pick<FleetConnection, "fab" | "piece">,
    trusted: TrustedEntities | undefined,
  ) {
    this.#connection = connection;
    this.#trusted = trusted;
  }

  /**
   * Fetches a run's bundle and checks all of its content.
   *
   * @throws RunRefused with InvalidFab; FlwrError when the SuperLink cannot be reached, or the run is over
   */
  async of(run: RunInfo): Promise<CheckedBundle> {
    const bundle = await this.#fetch(run);
    await this.#checkSignature(run, bundle);
    const { readFab } = await load<typeof import("../../../fab/read.ts")>(
      new URL("../../../fab/read.ts", import.meta.url),
    );
    try {
      return { bundle, fab: readFab(bundle.content) };
    } catch (error) {
      throw invalidFab(`App "${run.fabId}" is invalid: ${FlwrError.from(error).message}`, error);
    }
  }

  /** Returns a function that fetches pieces of the run's attachments. It throws the connection's FlwrErrors. */
  piecesOf(run: RunInfo): GetPiece {
    return (hash) => this.#connection.piece(run, hash);
  }

  async #fetch(run: RunInfo): Promise<AppBundle> {
    try {
      return await this.#connection.fab(run);
    } catch (error) {
      const { code, message } = FlwrError.from(error);
      if (code !== "not-found" && code !== "data-loss") throw error;
      throw invalidFab(`App "${run.fabId}" could not be fetched: ${message}`, error);
    }
  }

  async #checkSignature(run: RunInfo, bundle: AppBundle): Promise<void> {
    if (this.#trusted === undefined) return;
    const signer = await bundleSigner(bundle, this.#trusted);
    if (signer === undefined) {
      throw invalidFab(
        `App "${run.fabId}" is rejected: no key of --trusted-entities signed it`,
      );
    }
    log("supernode").info("App {fabId} {fabVersion} is signed by {signer}", { ...run, signer });
  }
}

function invalidFab(reason: string, cause?: unknown): RunRefused {
  return new RunRefused(MessageErrorCode.InvalidFab, reason, { cause });
}
