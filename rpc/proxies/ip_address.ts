import { isIP } from "node:net";

/**
 * The one notation of an IP address that is compared: IPv4 in dots, also where it was embedded in IPv6, and IPv6 as short
 * as possible.
 *
 * @param text without brackets, port or zone
 * @returns undefined if it is not an IP address
 */
export function readIpAddress(text: string): string | undefined {
  if (text.includes("%")) return undefined;
  const version = isIP(text);
  if (version === 4) return text;
  if (version === 0) return undefined;
  const short = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined) return short;
  const [a, b] = [parseInt(high, 16), parseInt(low!, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}
