import { FlwrError } from "../base/error.ts";
import { joinBytes, sameBytes } from "../base/bytes.ts";
import type { Bytes } from "./bytes.ts";
import { type Curve, type CurveFacts, curveFacts, CURVES, isOnCurve } from "./curve.ts";
import { TAG } from "./der.ts";
import { writePem } from "./pem.ts";
import { EC_PUBLIC_KEY, EXPLICIT_PARAMETERS } from "./pkcs8.ts";
import { sshString } from "./ssh_wire.ts";

/** Elliptic-curve public key with a valid point, in all formats in use. */
export interface PublicKey {
  readonly curve: Curve;
  /** SubjectPublicKeyInfo in DER: named curve, uncompressed point. */
  readonly spki: Bytes;
  /** `spki` in PEM, byte for byte as Python writes it: 64 columns and a final newline. Flower's wire uses this. */
  readonly pem: string;
  /** One OpenSSH line without comment and newline: "ecdsa-sha2-nistp384 AAAA…". */
  readonly openssh: string;
  /** "SHA256:…", as printed by `ssh-keygen -l`. Logs and error messages identify keys by it. */
  readonly fingerprint: string;
}

/**
 * Creates the public key of a point.
 *
 * @param point uncompressed: 04 ‖ x ‖ y
 * @param where text after "Public key" in errors, such as `in "keys/a.pub"`
 * @throws FlwrError invalid-argument if the point is not on the curve
 */
export async function publicKeyFromPoint(
  curve: Curve,
  point: Uint8Array,
  where: string,
): Promise<PublicKey> {
  const facts = curveFacts(curve);
  if (!isOnCurve(facts, point)) {
    throw new FlwrError(
      "invalid-argument",
      `Public key ${where} is damaged: its point is not on the curve ${curve}`,
      { hints: ["Copy the key again from its origin"] },
    );
  }
  const blob = sshBlob(facts, point);
  const spki = joinBytes([Uint8Array.fromHex(facts.spkiHead), point]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", blob));
  return {
    curve,
    spki,
    pem: writePem("PUBLIC KEY", spki),
    openssh: `${sshKeyType(facts)} ${blob.toBase64()}`,
    fingerprint: `SHA256:${digest.toBase64({ omitPadding: true })}`,
  };
}

/**
 * Decodes the public key of a SubjectPublicKeyInfo.
 *
 * @throws FlwrError invalid-argument for damage, another algorithm, explicit curve parameters, or a compressed point.
 *   Flower's own files have none of these
 */
export async function publicKeyFromSpki(spki: Uint8Array, where: string): Promise<PublicKey> {
  for (const facts of CURVES) {
    const head = Uint8Array.fromHex(facts.spkiHead);
    if (sameBytes(spki.subarray(0, head.length), head)) {
      return await publicKeyFromPoint(facts.curve, spki.subarray(head.length), where);
    }
  }
  const refused = (what: string, hint: string) =>
    new FlwrError("invalid-argument", `Public key ${where} ${what}`, { hints: [hint] });
  const algorithm = joinBytes([Uint8Array.of(TAG.oid, EC_PUBLIC_KEY.length), EC_PUBLIC_KEY])
    .toHex();
  const after = spki.toHex().split(algorithm)[1];
  if (after?.startsWith(TAG.sequence.toString(16))) {
    throw refused(
      `cannot be used: ${EXPLICIT_PARAMETERS}`,
      "Name the curve: openssl ec -pubin -in FILE -param_enc named_curve -out NEW",
    );
  }
  // The bit string of a compressed point: no unused bits, then 02 or 03.
  if (
    after !== undefined && CURVES.some(({ oid, fieldBytes }) => {
      const curve = `06${(oid.length / 2).toString(16).padStart(2, "0")}${oid}`;
      const point = `03${(fieldBytes + 2).toString(16).padStart(2, "0")}00`;
      return after.startsWith(`${curve}${point}02`) || after.startsWith(`${curve}${point}03`);
    })
  ) {
    throw refused(
      "cannot be used: its point is compressed",
      "Convert it: openssl ec -pubin -in FILE -conv_form uncompressed -out NEW",
    );
  }
  throw new FlwrError(
    "invalid-argument",
    `Public key ${where} is not an uncompressed point of P-256, P-384 or P-521`,
    { hints: ["Create a key with: flwr keys generate"] },
  );
}

/** The uncompressed point of a public key: 04 ‖ x ‖ y. */
export function pointOf(key: PublicKey): Bytes {
  return key.spki.slice(-(1 + 2 * curveFacts(key.curve).fieldBytes));
}

/** Cache of imported keys, because an import takes longer than some of the calls that need it. */
const imported = {
  ECDH: new WeakMap<PublicKey, CryptoKey>(),
  ECDSA: new WeakMap<PublicKey, CryptoKey>(),
};

/** Imports a key into WebCrypto, once for each PublicKey object. */
export async function importPublicKey(key: PublicKey, use: "ECDH" | "ECDSA"): Promise<CryptoKey> {
  const known = imported[use].get(key);
  if (known !== undefined) return known;
  const algorithm = { name: use, namedCurve: key.curve };
  const usages: KeyUsage[] = use === "ECDH" ? [] : ["verify"];
  const made = await crypto.subtle.importKey("spki", key.spki, algorithm, true, usages);
  imported[use].set(key, made);
  return made;
}

/** OpenSSH's name of the key type: "ecdsa-sha2-nistp384". */
export function sshKeyType(facts: CurveFacts): string {
  return `ecdsa-sha2-${facts.sshName}`;
}

/** OpenSSH's binary form of a public key (RFC 5656, section 3.1). */
export function sshBlob(facts: CurveFacts, point: Uint8Array): Bytes {
  return joinBytes([sshString(sshKeyType(facts)), sshString(facts.sshName), sshString(point)]);
}
