import { LastingReplayGuard, type SignerLedger } from "../../auth/lasting_replay_guard.ts";
import { SIGNATURE_WINDOW_SECONDS } from "../../auth/signed_time.ts";
import { log } from "../../base/log.ts";
import type { StoreTrouble } from "../../link/transactions/store_trouble.ts";

/**
 * Opens the replay guard for signatures of nodes and SuperExecs.
 *
 * @param signers the table of the SuperLink's store
 * @param trouble is notified of failures. A call whose signature cannot be stored is refused
 */
export async function openReplays(
  signers: SignerLedger,
  trouble: StoreTrouble,
): Promise<LastingReplayGuard> {
  return await LastingReplayGuard.open({
    windowSeconds: SIGNATURE_WINDOW_SECONDS,
    ledger: {
      read: () => signers.read(),
      note: (until, forgetBefore) =>
        signers.note(until, forgetBefore).catch((error) => {
          trouble.failed(error);
          throw error;
        }),
    },
  });
}

/** Stores pending signatures. Call it before the store is closed. A failure costs peers a second after the next start. */
export async function settleReplays(replays: LastingReplayGuard): Promise<void> {
  try {
    await replays.settle();
  } catch (error) {
    log("superlink").error("Could not store the last signatures: {error}", { error });
  }
}
