import type { GeneralName, NameConstraints } from "./extensions.ts";

/** Tags of names (RFC 5280, section 4.2.1.6): dNSName and iPAddress. */
export const NAME_TAG = { dns: 0x82, ip: 0x87 } as const;

/**
 * The first host's name of a certificate that its issuer may not give it (RFC 5280, section 4.2.1.10): clients then refuse
 * the whole certificate.
 *
 * @returns the name in words; undefined where all are permitted
 */
export function forbiddenName(
  names: readonly GeneralName[],
  { permitted, excluded }: NameConstraints,
): string | undefined {
  const found = names.find((name) => {
    const isHost = name.tag === NAME_TAG.dns || name.tag === NAME_TAG.ip;
    const own = permitted.filter(({ tag }) => tag === name.tag);
    return isHost && (excluded.some((base) => covers(base, name)) ||
      (own.length > 0 && !own.some((base) => covers(base, name))));
  });
  return found && showName(found);
}

/** A host's name in words. */
export function showName({ tag, value }: GeneralName): string {
  if (tag === NAME_TAG.dns) return textOf(value);
  return value.length === 4 ? value.join(".") : `address ${value.toHex()}`;
}

function covers(base: GeneralName, name: GeneralName): boolean {
  if (base.tag !== name.tag) return false;
  if (base.tag === NAME_TAG.ip) {
    // An address and a mask of the same length.
    const half = base.value.length / 2;
    return name.value.length === half &&
      name.value.every((byte, i) => (byte & base.value[half + i]!) === base.value[i]!);
  }
  const [suffix, host] = [textOf(base.value), textOf(name.value)];
  return suffix === "" || host === suffix ||
    host.endsWith(suffix.startsWith(".") ? suffix : `.${suffix}`);
}

function textOf(value: Uint8Array): string {
  return String.fromCharCode(...value).toLowerCase();
}
