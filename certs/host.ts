import { isIP } from "node:net";
import { FlwrError } from "../base/error.ts";

/** A host as named in a certificate. */
export interface HostName {
  readonly type: "dns" | "ip";
  /** Lower case; IPv6 addresses in their shortest form. */
  readonly value: string;
}

/** Hosts in every development certificate: names of the local machine. */
export const LOCAL_HOSTS: readonly HostName[] = [
  { type: "dns", value: "localhost" },
  { type: "ip", value: "127.0.0.1" },
  { type: "ip", value: "::1" },
];

const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const DNS_NAME = new RegExp(`^(\\*\\.)?${LABEL}(\\.${LABEL})*$`);
const MAX_DNS_NAME = 253;

/**
 * Parses a host from a flag: a DNS name, with or without a leading "*.", or an IP address.
 *
 * @throws FlwrError invalid-argument for anything else, such as a host with a port
 */
export function parseHost(text: string): HostName {
  const value = text.toLowerCase();
  if (isIP(value) !== 0) return { type: "ip", value: shortestAddress(value) };
  // A name that ends in digits is a mistyped address, because no top-level domain is numeric.
  if (DNS_NAME.test(value) && value.length <= MAX_DNS_NAME && !/(^|\.)\d+$/.test(value)) {
    return { type: "dns", value };
  }
  throw new FlwrError(
    "invalid-argument",
    `Host "${text}" is neither a DNS name nor an IP address`,
    {
      hints: ["Omit scheme, port and brackets. Examples: superlink.example.org, 192.0.2.1"],
    },
  );
}

/**
 * Whether one of a certificate's names matches the host, by equality or, for DNS names, by a wildcard in place of the
 * first label (RFC 6125, section 6.4.3).
 */
export function coversHost(names: readonly HostName[], host: string): boolean {
  const wanted = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (isIP(wanted) !== 0) {
    const address = shortestAddress(wanted);
    return names.some(({ type, value }) => type === "ip" && value === address);
  }
  const wildcard = wanted.replace(/^[^.]+/, "*");
  return names.some(({ type, value }) =>
    type === "dns" && (value === wanted || (value === wildcard && wanted.includes(".")))
  );
}

/** Normalises the text of an IP address. */
export function shortestAddress(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
