import { hostOfPeer } from "../../../address.ts";
import type { CallHead } from "../../../call.ts";
import { networkOf } from "../../../network.ts";

/**
 * The network of a call, for limits on what one caller can cause: an IPv6 address alone would be no limit, because one
 * machine has 2⁶⁴ of them.
 */
export function callerNetwork({ peer }: Pick<CallHead, "peer">): string {
  return networkOf(hostOfPeer(peer));
}
