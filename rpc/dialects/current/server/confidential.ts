import { FlwrError } from "../../../../base/error.ts";
import { hostOfPeer, isLoopback } from "../../../address.ts";
import type { CallHead } from "../../../call.ts";

/**
 * Refuses a call that may have crossed a network without TLS: then its token can be read there. A trusted proxy
 * receives calls with TLS.
 *
 * @throws FlwrError "failed-precondition"
 */
export function requireConfidential({ peer, proxy }: CallHead): void {
  if (proxy !== undefined || isLoopback(hostOfPeer(peer))) return;
  throw new FlwrError(
    "failed-precondition",
    "This SuperLink has accounts and serves without TLS, so it answers only calls from its own machine and its " +
      "trusted proxies: use TLS",
  );
}
