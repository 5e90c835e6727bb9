import type { GeneralName, NameConstraints } from "./extensions.ts";
import { partsOfName } from "./name_text.ts";

/** Tags of the hosts' names (RFC 5280, section 4.2.1.6) that rustls compares: dNSName and iPAddress. */
export const NAME_TAG = { dns: 0x82, ip: 0x87 } as const;
/** Tags of rfc822Name and uniformResourceIdentifier, which BoringSSL compares too. */
const [MAIL, URI] = [0x81, 0x86] as const;
/** Tag of directoryName, as a subject is: BoringSSL compares it too. */
export const DIRECTORY_NAME = 0xa4;

/** Hosts, and constraints on them, as rustls (webpki 0.103) reads them, in lower case: it refuses others where it compares. */
const LABEL = "(?!-)[a-z0-9_-]{1,63}(?<!-)";
const HOST = new RegExp(`^(\\*\\.(?=.*\\.))?(${LABEL}\\.)*(?![0-9]+$)${LABEL}$`);
const HOST_BASE = new RegExp(`^$|^\\.?(${LABEL}\\.)*(?![0-9]+$)${LABEL}$`);

/** The comparisons of each name, and of the subject, with each constraint: as rustls counts them. */
export function countComparisons(
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
): number {
  return (names.length + 1) * (permitted.length + excluded.length);
}

/** Whether a name lies within one of the bases; undefined where it cannot be read. */
type Finder = (name: Uint8Array) => boolean | undefined;
/** Reads bases once, and compares names with them. */
type Kind = (bases: readonly Uint8Array[]) => Finder;

function kind<T>(
  read: (value: Uint8Array) => T | undefined,
  isWithin: (name: T, base: T) => boolean,
  readBase = read,
): Kind {
  return (values) => {
    const bases = values.map(readBase).filter((base) => base !== undefined);
    return (value) => {
      const name = read(value);
      return name === undefined ? undefined : bases.some((base) => isWithin(name, base));
    };
  };
}

/** Each kind that clients compare, and what an excluded base of it hits where that is more than what lies within. */
const KINDS: Readonly<Record<number, { permitted: Kind; excluded?: Kind }>> = {
  [NAME_TAG.dns]: {
    permitted: kind(lowerCase, isWithin),
    // A wildcard stands for each of its hosts.
    excluded: kind(lowerCase, (host, base) => isWithin(host, base) || isWildcardOf(host, base)),
  },
  [NAME_TAG.ip]: { permitted: kind((value) => value, isInNetwork) },
  [MAIL]: { permitted: kind(readMailbox, isMailWithin, textOf) },
  [URI]: { permitted: kind(hostOfUri, isHostOrBelow, lowerCase) },
  [DIRECTORY_NAME]: { permitted: kind(partsOfName, startsWith) },
};

/**
 * The first name of a certificate that its issuer may not give it (RFC 5280, section 4.2.1.10): clients then refuse the
 * whole certificate. The time is that of {@link countComparisons}.
 *
 * @param names those in its subjectAltName, and its subject unless that is empty
 * @returns the name in words; undefined where all are permitted
 */
export function forbiddenName(
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
): string | undefined {
  const finders = new Map<number, { allowed?: Finder; denied?: Finder }>();
  for (const [tag, one] of Object.entries(KINDS).map(([tag, one]) => [Number(tag), one] as const)) {
    const valuesOf = (bases: readonly GeneralName[]) =>
      bases.filter((base) => base.tag === tag).map(({ value }) => value);
    const [allowed, denied] = [valuesOf(permitted), valuesOf(excluded)];
    finders.set(tag, {
      ...(allowed.length > 0 ? { allowed: one.permitted(allowed) } : {}),
      ...(denied.length > 0 ? { denied: (one.excluded ?? one.permitted)(denied) } : {}),
    });
  }
  const found = names.find(({ tag, value }) => {
    const { allowed, denied } = finders.get(tag) ?? {};
    // What cannot be read is not compared: it is refused.
    return (denied !== undefined && denied(value) !== false) ||
      (allowed !== undefined && allowed(value) !== true);
  });
  return found && showName(found);
}

/**
 * The first host or constraint on hosts for which rustls refuses a certificate, though BoringSSL compares it and finds
 * nothing: text that is no host's name, and a wildcard beside an excluded domain at the same depth.
 *
 * @returns the name in words; undefined where there is none
 */
export function unreadHost(
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
): string | undefined {
  const hostsOf = (list: readonly GeneralName[]) =>
    list.filter(({ tag }) => tag === NAME_TAG.dns).map(({ value }) => lowerCase(value));
  const [hosts, denied] = [hostsOf(names), hostsOf(excluded)];
  const bases = [...hostsOf(permitted), ...denied];
  if (hosts.length === 0 || bases.length === 0) return undefined;
  const domains = denied.filter((base) => base.startsWith(".")).map((base) => base.slice(1));
  return hosts.find((host) => host.length > 253 || !HOST.test(host)) ??
    bases.find((base) => base.length > 253 || !HOST_BASE.test(base)) ??
    hosts.find((host) => domains.some((domain) => isWildcardOf(host, domain)));
}

/** A name in words. */
export function showName({ tag, value }: GeneralName): string {
  if (tag === DIRECTORY_NAME) return partsOfName(value)?.join(", ") ?? "a damaged name";
  if (tag !== NAME_TAG.ip) return lowerCase(value);
  return value.length === 4 ? value.join(".") : `address ${value.toHex()}`;
}

function isWithin(host: string, base: string): boolean {
  if (base === "" || host === base) return true;
  return host.endsWith(base) && (base.startsWith(".") || host.at(-base.length - 1) === ".");
}

/** Whether a name like *.example.com stands for a host. */
function isWildcardOf(host: string, other: string): boolean {
  const dot = other.indexOf(".");
  return host.startsWith("*.") && dot > 0 && other.slice(dot) === host.slice(1);
}

/** @param network an address and a mask of the same length */
function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const half = network.length / 2;
  return address.length === half &&
    address.every((byte, i) => (byte & network[half + i]!) === network[i]!);
}

/** A host, or, with a dot in front, the hosts below it: mailboxes and URIs have no others. */
function isHostOrBelow(host: string, base: string): boolean {
  return base === "" || (base.startsWith(".") ? host.endsWith(base) : host === base);
}

function readMailbox(value: Uint8Array): string | undefined {
  const text = textOf(value);
  return text.includes("@") ? text : undefined;
}

/** The case counts in front of the @ alone. */
function isMailWithin(mailbox: string, base: string): boolean {
  const [at, baseAt] = [mailbox.lastIndexOf("@"), base.lastIndexOf("@")];
  const host = mailbox.slice(at + 1).toLowerCase(), baseHost = base.slice(baseAt + 1).toLowerCase();
  if (baseAt < 0) return isHostOrBelow(host, baseHost);
  return host === baseHost && mailbox.slice(0, at) === base.slice(0, baseAt);
}

/** The host of a URI, without a user and a port. */
function hostOfUri(value: Uint8Array): string | undefined {
  return /^[^:/]+:\/\/(?:[^/?#@]*@)?([^/?#:@]+)/.exec(lowerCase(value))?.[1];
}

/** Whether a directory's name lies below another. */
function startsWith(name: readonly string[], base: readonly string[]): boolean {
  return base.every((part, i) => part === name[i]);
}

function lowerCase(value: Uint8Array): string {
  return textOf(value).toLowerCase();
}

function textOf(value: Uint8Array): string {
  return new TextDecoder("latin1").decode(value);
}
