/** A number from 0 to 255, without leading zeros, which some read as octal. */
const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

// `isIP` and `BlockList` of node:net would do, but loading that module takes 90 ms, more than half of a SuperLink's start.

/**
 * The one notation of an IP address that is compared: IPv4 in dots, also where it was embedded in IPv6, and IPv6 as short
 * as possible.
 *
 * @param text without brackets, port or zone
 * @returns undefined if it is not an IP address
 */
export function readIpAddress(text: string): string | undefined {
  if (IPV4.test(text)) return text;
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text) || !text.includes(":")) return undefined;
  const short = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short ?? "") ?? [];
  if (high === undefined) return short;
  const [a, b] = [parseInt(high, 16), parseInt(low!, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}

/** The bits of an IP address in the notation of {@link readIpAddress}: 32 or 128 characters "0" and "1". */
export function bitsOf(address: string): string {
  if (!address.includes(":")) return binary(address.split("."), 10, 8);
  const [head, tail] = address.split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = Array<string>(8 - head!.length - (tail?.length ?? 0)).fill("0");
  return binary([...head!, ...zeros, ...tail ?? []], 16, 16);
}

function binary(parts: readonly string[], radix: number, bits: number): string {
  return parts.map((part) => parseInt(part, radix).toString(2).padStart(bits, "0")).join("");
}
