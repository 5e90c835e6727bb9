import type { GeneralName, NameConstraints } from "./extensions.ts";
import { partsOfName } from "./name_text.ts";

/** Tags of names that rustls compares: dNSName and iPAddress (RFC 5280, section 4.2.1.6). */
export const NAME_TAG = { dns: 0x82, ip: 0x87 } as const;
/** Tags of rfc822Name and uniformResourceIdentifier, which only BoringSSL compares. */
const [MAIL, URI] = [0x81, 0x86] as const;
/** Tag of directoryName, the kind of a subject, which only BoringSSL compares. */
export const DIRECTORY_NAME = 0xa4;

/** Syntax of hosts and host constraints in rustls (webpki 0.103), in lower case. It refuses others when it compares. */
const LABEL = "(?!-)[a-z0-9_-]{1,63}(?<!-)";
const HOST = new RegExp(`^(\\*\\.(?=.*\\.))?(${LABEL}\\.)*(?![0-9]+$)${LABEL}$`);
const HOST_BASE = new RegExp(`^$|^\\.?(${LABEL}\\.)*(?![0-9]+$)${LABEL}$`);

/** Number of comparisons of each name and the subject with each constraint, as rustls counts them. */
export function countComparisons(
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
): number {
  return (names.length + 1) * (permitted.length + excluded.length);
}

/** Whether a name is within one of the bases; undefined if the name cannot be read. */
type Finder = (name: Uint8Array) => boolean | undefined;
/** Parses bases once, and returns a function that compares names with them. */
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

/** Comparison for each kind of name that clients compare. `excluded` is given if it matches more than `permitted`. */
const KINDS: Readonly<Record<number, { permitted: Kind; excluded?: Kind }>> = {
  [NAME_TAG.dns]: {
    permitted: kind(lowerCase, isWithin),
    // A wildcard covers an excluded host that it matches.
    excluded: kind(lowerCase, (host, base) => isWithin(host, base) || isWildcardOf(host, base)),
  },
  [NAME_TAG.ip]: { permitted: kind((value) => value, isInNetwork) },
  [MAIL]: { permitted: kind(readMailbox, isMailWithin, textOf) },
  [URI]: { permitted: kind(hostOfUri, isHostOrBelow, lowerCase) },
  [DIRECTORY_NAME]: { permitted: kind(partsOfName, startsWith) },
};

/**
 * Finds the first name of a certificate that its issuer's constraints forbid (RFC 5280, section 4.2.1.10). Clients then
 * refuse the whole certificate. Its cost is that of {@link countComparisons}.
 *
 * @param names the names in its subjectAltName, and its subject unless empty
 * @returns the name as text; undefined if all names are permitted
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
    // A name that cannot be read is refused.
    return (denied !== undefined && denied(value) !== false) ||
      (allowed !== undefined && allowed(value) !== true);
  });
  return found && showName(found);
}

/**
 * Finds the first host or host constraint for which rustls refuses a certificate that BoringSSL accepts: text that is
 * not a host name, or a wildcard at the same depth as an excluded domain.
 *
 * @returns the name as text; undefined if there is none
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

/** A name as text for error messages. */
export function showName({ tag, value }: GeneralName): string {
  if (tag === DIRECTORY_NAME) return partsOfName(value)?.join(", ") ?? "a damaged name";
  if (tag !== NAME_TAG.ip) return lowerCase(value);
  return value.length === 4 ? value.join(".") : `address ${value.toHex()}`;
}

function isWithin(host: string, base: string): boolean {
  if (base === "" || host === base) return true;
  return host.endsWith(base) && (base.startsWith(".") || host.at(-base.length - 1) === ".");
}

/** Whether a name like *.example.com matches a host. */
function isWildcardOf(host: string, other: string): boolean {
  const dot = other.indexOf(".");
  return host.startsWith("*.") && dot > 0 && other.slice(dot) === host.slice(1);
}

/** Whether an address is in a network. @param network an address, followed by a mask of the same length */
function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const half = network.length / 2;
  return address.length === half &&
    address.every((byte, i) => (byte & network[half + i]!) === network[i]!);
}

/**
 * Whether a host matches a base of a mailbox or URI constraint: the host itself or, with a leading dot, hosts below it.
 */
function isHostOrBelow(host: string, base: string): boolean {
  return base === "" || (base.startsWith(".") ? host.endsWith(base) : host === base);
}

function readMailbox(value: Uint8Array): string | undefined {
  const text = textOf(value);
  return text.includes("@") ? text : undefined;
}

/** Whether a mailbox matches a base. Only the part before the @ is case-sensitive. */
function isMailWithin(mailbox: string, base: string): boolean {
  const [at, baseAt] = [mailbox.lastIndexOf("@"), base.lastIndexOf("@")];
  const host = mailbox.slice(at + 1).toLowerCase(), baseHost = base.slice(baseAt + 1).toLowerCase();
  if (baseAt < 0) return isHostOrBelow(host, baseHost);
  return host === baseHost && mailbox.slice(0, at) === base.slice(0, baseAt);
}

/** The host of a URI, without user and port. */
function hostOfUri(value: Uint8Array): string | undefined {
  return /^[^:/]+:\/\/(?:[^/?#@]*@)?([^/?#:@]+)/.exec(lowerCase(value))?.[1];
}

/** Whether a directory name is within another. */
function startsWith(name: readonly string[], base: readonly string[]): boolean {
  return base.every((part, i) => part === name[i]);
}

function lowerCase(value: Uint8Array): string {
  return textOf(value).toLowerCase();
}

function textOf(value: Uint8Array): string {
  return new TextDecoder("latin1").decode(value);
}
