import { LastingReplayGuard } from "../../auth/lasting_replay_guard.ts";
import { SharedReplayGuard } from "../../auth/shared_replay_guard.ts";
import { SIGNATURE_WINDOW_SECONDS } from "../../auth/signed_time.ts";
import { log } from "../../base/log.ts";
import type { LinkStore } from "../../link/store/store.ts";
import type { StoreTrouble } from "../../link/transactions/store_trouble.ts";

/** Refuses replayed signatures. */
export type Replays =
  & Pick<LastingReplayGuard, "accept">
  & Partial<Pick<LastingReplayGuard, "settle">>;

/**
 * Opens the replay guard for signatures of nodes and SuperExecs.
 *
 * @param store the SuperLink's store. If SuperLinks share it, each signature counts once over all of them
 * @param trouble is notified of failures. A call whose signature cannot be stored is refused
 */
export async function openReplays(
  { isShared, signers, signatures }: Pick<LinkStore, "isShared" | "signers" | "signatures">,
  trouble: StoreTrouble,
): Promise<Replays> {
  const reported = <T>(write: Promise<T>) =>
    write.catch((error) => {
      trouble.failed(error);
      throw error;
    });
  if (isShared) {
    return new SharedReplayGuard({
      windowSeconds: SIGNATURE_WINDOW_SECONDS,
      ledger: {
        add: (used) => reported(signatures.add(used)),
        removeExpired: (now) => reported(signatures.removeExpired(now)),
      },
    });
  }
  return await LastingReplayGuard.open({
    windowSeconds: SIGNATURE_WINDOW_SECONDS,
    ledger: {
      read: () => signers.read(),
      note: (until, forgetBefore) => reported(signers.note(until, forgetBefore)),
    },
  });
}

/** Stores pending signatures. Call it before the store is closed. A failure costs peers a second after the next start. */
export async function settleReplays(replays: Replays): Promise<void> {
  try {
    await replays.settle?.();
  } catch (error) {
    log("superlink").error("Could not store the last signatures: {error}", { error });
  }
}
