import { FlwrError } from "../../base/error.ts";
import { formatAddress, hostOfPeer } from "../address.ts";
import { readForwardingHeader, UNKNOWN } from "./forwarding_header.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";

/** Where a call comes from. */
export interface Origin {
  /** "address:port" of the caller. The port is 0 if a proxy does not tell it. */
  readonly peer: string;
  /** "address:port" of the trusted proxy that passed the call on. Undefined: the caller itself is connected. */
  readonly proxy?: string;
}

/**
 * Finds out where a call comes from. A trusted proxy names its caller at the end of its header. If that is a trusted proxy,
 * too, the one before it is what that one says, and so on. All before the caller may be invented by the caller. Without a
 * trusted proxy, or if a trusted one sends no header, it is the other end of the connection, and headers are ignored.
 *
 * @param peer "address:port" of the connection's other end
 * @param header returns the value of a header; values of a repeated one joined by commas, because a proxy may add its own
 *   after one that the caller has sent
 * @throws FlwrError "invalid-argument" if a trusted proxy passes on a malformed header, or does not tell the caller
 */
export function originOf(
  peer: string,
  header: (name: string) => string | undefined,
  proxies: TrustedProxies | undefined,
): Origin {
  if (!proxies?.has(hostOfPeer(peer))) return { peer };
  const text = header(proxies.header);
  if (text === undefined) return { peer };
  const hops = readForwardingHeader(proxies.header, text);
  let caller = hops.at(-1)!;
  for (let place = hops.length - 2; place >= 0; place--) {
    if (caller === UNKNOWN || !proxies.has(caller.host)) break;
    caller = hops[place]!;
  }
  if (caller === UNKNOWN) {
    throw new FlwrError("invalid-argument", "The proxy does not tell the address of its caller", {
      hints: [`Let the proxy name it in the header ${proxies.header}`],
    });
  }
  return { peer: formatAddress(caller), proxy: peer };
}
