import { FlwrError } from "../../base/error.ts";
import { readIpAddress } from "./ip_address.ts";
import type { ProxyHeader } from "./trusted_proxies.ts";

/** Longest header that is read, in characters. Ten proxies need about 500. */
const MAX_LENGTH = 4096;

/** Most proxies that a call may have passed. */
const MAX_HOPS = 32;

/** A sender of a request, as the next proxy names it: an IP address and, if it is known, a port. */
export interface Hop {
  readonly host: string;
  /** 0 if the proxy does not tell. */
  readonly port: number;
}

/** A sender that the proxy does not tell. */
export const UNKNOWN = "unknown";

/**
 * Reads the header in which proxies name their callers, each after those of the proxies before it.
 *
 * @param text the header's value; those of a repeated header joined by commas
 * @returns the senders, the first one first
 * @throws FlwrError "invalid-argument" if any part of it is malformed
 */
export function readForwardingHeader(
  name: ProxyHeader,
  text: string,
): readonly (Hop | typeof UNKNOWN)[] {
  if (text.length > MAX_LENGTH) throw malformed(name);
  const hops = name === "forwarded" ? elementsOf(text)?.map(senderOf) : addressesOf(text);
  if (hops === undefined || hops.length > MAX_HOPS) throw malformed(name);
  return hops.map((hop) => {
    if (hop === undefined) throw malformed(name);
    return hop;
  });
}

function malformed(name: ProxyHeader): FlwrError {
  return new FlwrError("invalid-argument", `The proxies' header ${name} is malformed`, {
    hints: ["Let the proxy in front of the SuperLink replace the header that its caller sends"],
  });
}

/** The senders in X-Forwarded-For, which has no standard: addresses, some with a port. */
function addressesOf(text: string): (Hop | typeof UNKNOWN | undefined)[] {
  return text.split(",").map((part) => {
    const item = part.replace(/^[ \t]+|[ \t]+$/g, "");
    if (item.toLowerCase() === UNKNOWN) return UNKNOWN;
    // An IPv6 address has no brackets here if it has no port.
    return readHop(item) ?? hopOf(item, undefined);
  });
}

/** A node of RFC 7239 that has an address: "192.0.2.4", "192.0.2.4:80", "[2001:db8::1]", "[2001:db8::1]:80". */
function readHop(text: string): Hop | undefined {
  const [, six, four, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (six !== undefined && !six.includes(":")) return undefined;
  return hopOf(six ?? four ?? "", port);
}

function hopOf(address: string, digits: string | undefined): Hop | undefined {
  const host = readIpAddress(address);
  const port = Number(digits ?? 0);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
/** A parameter of RFC 7239's header, and what follows it. */
const PAIR = new RegExp(`[ \\t]*(${TOKEN})=(${TOKEN}|${QUOTED})[ \\t]*([;,]|$)`, "y");

/** The elements of the header Forwarded (RFC 7239), by name in lower case. Undefined if the header is malformed. */
function elementsOf(text: string): Map<string, string>[] | undefined {
  const elements = [new Map<string, string>()];
  const pair = new RegExp(PAIR);
  for (;;) {
    const found = pair.exec(text);
    if (found === null) return undefined;
    const [, name, value, next] = found as unknown as [string, string, string, string];
    const element = elements.at(-1)!;
    if (element.has(name.toLowerCase())) return undefined;
    element.set(
      name.toLowerCase(),
      value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value,
    );
    if (next === "") return elements;
    if (next === ",") elements.push(new Map());
  }
}

/** Names and ports that a proxy hides (RFC 7239, section 6.3). */
const HIDDEN = /^(?:unknown|_[0-9A-Za-z._-]+)(?::(?:\d{1,5}|_[0-9A-Za-z._-]+))?$/i;

/** The sender in an element. Undefined if it is malformed. */
function senderOf(element: ReadonlyMap<string, string>): Hop | typeof UNKNOWN | undefined {
  const value = element.get("for");
  if (value === undefined || HIDDEN.test(value)) return UNKNOWN;
  return readHop(value.replace(/:_[0-9A-Za-z._-]+$/, ""));
}
