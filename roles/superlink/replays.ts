import { LastingReplayGuard } from "../../auth/lasting_replay_guard.ts";
import { SIGNATURE_WINDOW_SECONDS } from "../../auth/signed_time.ts";
import { log } from "../../base/log.ts";
import type { LinkService } from "../../link/link.ts";

/** Remembers which signatures were accepted, of nodes and of programs that take on tasks, in the domain's store. */
export async function openReplays(link: LinkService): Promise<LastingReplayGuard> {
  return new LastingReplayGuard({
    windowSeconds: SIGNATURE_WINDOW_SECONDS,
    ledger: {
      earlier: await link.signedUntil(),
      note: (until, forgetBefore) => link.noteSigned(until, forgetBefore),
    },
  });
}

/** To be called before the domain is closed. What cannot be noted costs peers a second after the next start. */
export async function settleReplays(replays: LastingReplayGuard): Promise<void> {
  try {
    await replays.settle();
  } catch (error) {
    log("superlink").error("Could not store the last signatures: {error}", { error });
  }
}
