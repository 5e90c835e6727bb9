import { FlwrError } from "../../base/error.ts";
import { roundKeysStatement } from "../../auth/round_keys_statement.ts";
import { rawFromDerSignature } from "../../auth/ecdsa_signature.ts";
import { importPublicKey, type PublicKey, publicKeyFromSpki } from "../../auth/public_key.ts";
import { ED25519_BYTES } from "./signing_key.ts";
import { statementHash } from "./statement.ts";
import { X25519_BYTES } from "./x25519.ts";

/** Bytes of a commitment to a seed. */
export const COMMITMENT_BYTES = 32;

/** The public keys that a node makes for one round. */
export interface RoundKeys {
  /** For masks that two nodes have in common: X25519, 32 bytes. */
  readonly maskKey: Uint8Array;
  /** For the encryption of shares: X25519, 32 bytes. */
  readonly shareKey: Uint8Array;
  /** For signatures of the survivors: Ed25519, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** Commits the node to the seed of its own mask: a hash, 32 bytes. */
  readonly commitment: Uint8Array;
}

/** A node's keys for one round, signed with its registered key. */
export interface Advertisement extends RoundKeys {
  /** The node. */
  readonly nodeId: bigint;
  /**
   * The node's registered public key: SubjectPublicKeyInfo in DER; empty where keys are not signed, in tests and
   * simulations.
   */
  readonly identityKey: Uint8Array;
  /** Signature of `roundKeysStatement` in `auth`: ECDSA with SHA-256, in DER; empty where keys are not signed. */
  readonly signature: Uint8Array;
}

/** A digest of a node's keys for a round. @param settings the hash of the round's settings */
export function roundKeysDigest(
  settings: Uint8Array,
  { maskKey, shareKey, signingKey, commitment }: RoundKeys,
): Promise<Uint8Array<ArrayBuffer>> {
  return statementHash("round keys", settings, maskKey, shareKey, signingKey, commitment);
}

/** Why an advertisement cannot be trusted. */
export type Distrust = "malformed" | "not signed" | "wrong signature";

/**
 * Checks an advertisement, but not whether its identity key is one that the node's owner trusts.
 *
 * @param settings the hash of the round's settings
 * @param unsigned whether advertisements without a signature are accepted
 * @returns undefined when it is sound
 */
export async function distrust(
  advertisement: Advertisement,
  { runId, settings, unsigned }: {
    readonly runId: bigint;
    readonly settings: Uint8Array;
    readonly unsigned: boolean;
  },
): Promise<Distrust | undefined> {
  const { maskKey, shareKey, signingKey, commitment, identityKey, signature } = advertisement;
  const isWhole = maskKey.length === X25519_BYTES && shareKey.length === X25519_BYTES &&
    signingKey.length === ED25519_BYTES && commitment.length === COMMITMENT_BYTES;
  if (!isWhole) return "malformed";
  if (identityKey.length === 0 && signature.length === 0) {
    return unsigned ? undefined : "not signed";
  }
  const key = await identityOf(identityKey);
  const raw = key && rawFromDerSignature(signature, key.curve);
  if (key === undefined || raw === undefined) return "malformed";
  const digest = await roundKeysDigest(settings, advertisement);
  const isGenuine = await crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" },
    await importPublicKey(key, "ECDSA"),
    raw,
    roundKeysStatement(runId, advertisement.nodeId, digest),
  );
  return isGenuine ? undefined : "wrong signature";
}

async function identityOf(spki: Uint8Array): Promise<PublicKey | undefined> {
  try {
    return await publicKeyFromSpki(spki, "of a node");
  } catch (error) {
    if (FlwrError.from(error).code === "invalid-argument") return undefined;
    throw error;
  }
}

/** A name for an identity key that people can compare with `flwr keys` and `ssh-keygen -l`. */
export async function fingerprintOf(identityKey: Uint8Array): Promise<string> {
  return (await identityOf(identityKey))?.fingerprint ?? "none";
}
