import type { Advertisement } from "./advertisement.ts";
import { type Part, statement, statementHash } from "./statement.ts";

/** Bytes of a derived key. */
const KEY_BYTES = 32;

/**
 * Derives a key with HKDF-SHA-256 (RFC 5869).
 *
 * @param secret the input key material
 * @param salt hashed with the secret first; may be empty
 * @param info what the key is for: different keys for different texts
 * @returns 32 bytes
 */
export async function deriveKey(
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const [ikm, plainSalt, plainInfo] = [secret, salt, info].map((bytes) =>
    bytes as Uint8Array<ArrayBuffer>
  ) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  const material = await crypto.subtle.importKey("raw", ikm, "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: plainSalt, info: plainInfo };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, material, 8 * KEY_BYTES));
}

/** What all keys of a round are bound to. */
export interface Session {
  /** The run. */
  readonly runId: bigint;
  /** The round, from 1. */
  readonly round: number;
  /** The hash of the settings and of all participants' keys: 32 bytes. */
  readonly hash: Uint8Array;
}

/**
 * The session of participants. Nodes that were given different lists have different sessions, and none of their keys
 * agree.
 *
 * @param settings the hash of the round's settings
 */
export async function sessionOf(
  runId: bigint,
  round: number,
  settings: Uint8Array,
  participants: Iterable<Advertisement>,
): Promise<Session> {
  const sorted = [...participants].sort((a, b) => a.nodeId < b.nodeId ? -1 : 1);
  const parts = sorted.flatMap((one): Part[] => [
    ...[one.nodeId, one.identityKey, one.maskKey, one.shareKey, one.signingKey, one.commitment],
  ]);
  return { runId, round, hash: await statementHash("session", runId, round, settings, ...parts) };
}

/**
 * The key of the mask that two nodes have in common, if they were given the same training instruction. Otherwise their
 * masks differ and stay on the sum (Pasquini et al., 2022, arXiv:2111.07380).
 *
 * @param secret of their mask keys
 * @param instruction the hash of the training instruction
 */
export function pairwiseMaskKey(
  session: Session,
  instruction: Uint8Array,
  secret: Uint8Array,
  a: bigint,
  b: bigint,
): Promise<Uint8Array<ArrayBuffer>> {
  const [low, high] = a < b ? [a, b] : [b, a];
  return derived(session, "pairwise mask", secret, instruction, low, high);
}

/** The key for the shares that one node sends another. @param secret of their share keys */
export function shareEncryptionKey(
  session: Session,
  secret: Uint8Array,
  source: bigint,
  destination: bigint,
): Promise<Uint8Array<ArrayBuffer>> {
  return derived(session, "shares", secret, source, destination);
}

/** The key of a node's own mask. */
export function selfMaskKey(
  session: Session,
  seed: Uint8Array,
  nodeId: bigint,
): Promise<Uint8Array<ArrayBuffer>> {
  return derived(session, "own mask", seed, nodeId);
}

/** Commits a node to a seed. The seed has 32 random bytes, so nobody can find it from this. */
export function seedCommitment(seed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return deriveKey(seed, new Uint8Array(), statement("commitment to a seed"));
}

function derived(
  { runId, round, hash }: Session,
  purpose: string,
  secret: Uint8Array,
  ...about: readonly Part[]
): Promise<Uint8Array<ArrayBuffer>> {
  return deriveKey(secret, hash, statement(purpose, runId, round, ...about));
}
