import type { Session } from "./session.ts";
import { isSignedWith, signWith } from "./signing_key.ts";
import { statement } from "./statement.ts";

/**
 * What a node signs before it reveals anything: the nodes whose vectors are in the sum, and what it was told to train.
 *
 * @param instruction the hash of the node's training instruction: a server that gave nodes different ones could make all
 *   updates but one vanish from the sum (Pasquini et al., 2022, arXiv:2111.07380)
 * @param survivors in any order
 */
function survivorsStatement(
  { runId, round, hash }: Session,
  instruction: Uint8Array,
  survivors: Iterable<bigint>,
): Uint8Array<ArrayBuffer> {
  const sorted = [...survivors].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
  return statement("survivors", runId, round, hash, instruction, ...sorted);
}

/** Signs the survivors and the instruction of a session. @param privateKey of Ed25519, 32 bytes */
export function signSurvivors(
  session: Session,
  instruction: Uint8Array,
  survivors: Iterable<bigint>,
  privateKey: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return signWith(privateKey, survivorsStatement(session, instruction, survivors));
}

/** Whether a node signed this very set of survivors, and this very instruction. @param publicKey the node's, of Ed25519 */
export function isSignedBy(
  session: Session,
  instruction: Uint8Array,
  survivors: Iterable<bigint>,
  publicKey: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return isSignedWith(publicKey, signature, survivorsStatement(session, instruction, survivors));
}
