import { FlwrError } from "../../base/error.ts";
import { RecentMap } from "../../base/recent_map.ts";
import { bitsOf, readIpAddress } from "./ip_address.ts";

/** The header in which proxies name their callers. Another one is ignored, because a caller can have sent it. */
export const PROXY_HEADERS = ["x-forwarded-for", "forwarded"] as const;
export type ProxyHeader = typeof PROXY_HEADERS[number];

/** Addresses of proxies: one, or those with the same first bits. */
export interface ProxyRange {
  readonly address: string;
  readonly bits: number;
}

/**
 * Parses "ADDRESS" or "ADDRESS/BITS".
 *
 * @throws FlwrError "invalid-argument" for a name, for bits that are not part of the prefix, and for a range of all
 *   addresses
 */
export function readProxyRange(text: string): ProxyRange {
  const [address = "", digits, ...more] = text.split("/");
  const read = readIpAddress(address);
  if (read === undefined || more.length > 0) {
    throw new FlwrError("invalid-argument", `"${text}" is not an IP address or a range of them`, {
      hints: ["Write for example 10.0.0.7, 10.0.0.0/24 or 2001:db8::/64"],
    });
  }
  const all = read.includes(":") ? 128 : 32;
  const bits = digits === undefined ? all : /^\d{1,3}$/.test(digits) ? Number(digits) : NaN;
  // The bits of an IPv4 address that is embedded in IPv6 would be counted from another place.
  const isEmbedded = digits !== undefined && address.includes(":") && all === 32;
  if (!(bits >= 1 && bits <= all) || isEmbedded) {
    throw new FlwrError("invalid-argument", `"${text}" needs 1 to ${all} bits after the slash`, {
      hints: ["Name only your own proxies, because what they say about callers is believed"],
    });
  }
  return { address: read, bits };
}

/** Hosts whose result is cached, at most. */
const MAX_REMEMBERED = 256;

/** The proxies whose word about their callers is believed. */
export class TrustedProxies {
  readonly header: ProxyHeader;
  readonly ranges: readonly ProxyRange[];
  /** The bits with which their addresses begin, for the two lengths of addresses. */
  readonly #prefixes: readonly { readonly length: number; readonly bits: string }[];
  readonly #known = new RecentMap<string, boolean>(MAX_REMEMBERED);

  readonly #onSilent: (host: string) => void;
  #hasBeenSilent = false;

  /** @param onSilent called with the first proxy that passes on a call without the header */
  constructor(
    ranges: readonly ProxyRange[],
    header: ProxyHeader = "x-forwarded-for",
    onSilent: (host: string) => void = () => {},
  ) {
    this.header = header;
    this.ranges = ranges;
    this.#onSilent = onSilent;
    this.#prefixes = ranges.map(({ address, bits }) => {
      const all = bitsOf(address);
      return { length: all.length, bits: all.slice(0, bits) };
    });
  }

  /** Notes that one of them passed on a call without the header. */
  passedOnSilently(host: string): void {
    if (this.#hasBeenSilent) return;
    this.#hasBeenSilent = true;
    this.#onSilent(host);
  }

  /** Whether a host is one of them. @param host IP address, without brackets; IPv4 may be in IPv6 notation */
  has(host: string): boolean {
    if (this.#prefixes.length === 0) return false;
    const known = this.#known.get(host);
    if (known !== undefined) return known;
    const address = readIpAddress(host);
    const bits = address === undefined ? "" : bitsOf(address);
    const found = this.#prefixes.some((prefix) =>
      prefix.length === bits.length && bits.startsWith(prefix.bits)
    );
    this.#known.set(host, found);
    return found;
  }
}
