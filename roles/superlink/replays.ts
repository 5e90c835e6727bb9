import { LastingReplayGuard, type SignerLedger } from "../../auth/lasting_replay_guard.ts";
import { SIGNATURE_WINDOW_SECONDS } from "../../auth/signed_time.ts";
import { log } from "../../base/log.ts";
import type { StoreTrouble } from "../../link/transactions/store_trouble.ts";

/**
 * Remembers which signatures were accepted, of nodes and of programs that take on tasks.
 *
 * @param signers those of the SuperLink's store
 * @param trouble hears of failures: nodes whose signatures cannot be noted are not heard either
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

/** To be called before the store is closed. What cannot be noted costs peers a second after the next start. */
export async function settleReplays(replays: LastingReplayGuard): Promise<void> {
  try {
    await replays.settle();
  } catch (error) {
    log("superlink").error("Could not store the last signatures: {error}", { error });
  }
}
