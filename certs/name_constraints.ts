import type { GeneralName, NameConstraints } from "./extensions.ts";

/** Tags of names (RFC 5280, section 4.2.1.6): dNSName and iPAddress. */
export const NAME_TAG = { dns: 0x82, ip: 0x87 } as const;

/** The comparisons of each name, and of the subject, with each constraint: as rustls counts them. */
export function countComparisons(
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
): number {
  return (names.length + 1) * (permitted.length + excluded.length);
}

/**
 * The first host's name of a certificate that its issuer may not give it (RFC 5280, section 4.2.1.10): clients then refuse
 * the whole certificate. The time is that of {@link countComparisons}.
 *
 * @returns the name in words; undefined where all are permitted
 */
export function forbiddenName(
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
): string | undefined {
  const [allowed, denied] = [basesOf(permitted), basesOf(excluded)];
  const found = names.find(({ tag, value }) => {
    if (tag === NAME_TAG.dns) {
      const host = textOf(value);
      return denied.dns.some((base) => isWithin(host, base)) ||
        (allowed.dns.length > 0 && !allowed.dns.some((base) => isWithin(host, base)));
    }
    if (tag !== NAME_TAG.ip) return false;
    return denied.ip.some((base) => isInNetwork(value, base)) ||
      (allowed.ip.length > 0 && !allowed.ip.some((base) => isInNetwork(value, base)));
  });
  return found && showName(found);
}

/** A host's name in words. */
export function showName({ tag, value }: GeneralName): string {
  if (tag === NAME_TAG.dns) return textOf(value);
  return value.length === 4 ? value.join(".") : `address ${value.toHex()}`;
}

/** Constraints on hosts by their kind, decoded once. */
function basesOf(bases: readonly GeneralName[]): { dns: string[]; ip: Uint8Array[] } {
  const valuesOf = (kind: number) =>
    bases.filter(({ tag }) => tag === kind).map(({ value }) => value);
  return { dns: valuesOf(NAME_TAG.dns).map(textOf), ip: valuesOf(NAME_TAG.ip) };
}

function isWithin(host: string, base: string): boolean {
  if (base === "" || host === base) return true;
  return host.endsWith(base) && (base.startsWith(".") || host.at(-base.length - 1) === ".");
}

/** @param network an address and a mask of the same length */
function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const half = network.length / 2;
  return address.length === half &&
    address.every((byte, i) => (byte & network[half + i]!) === network[i]!);
}

function textOf(value: Uint8Array): string {
  return new TextDecoder("latin1").decode(value).toLowerCase();
}
