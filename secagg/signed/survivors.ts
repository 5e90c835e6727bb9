import type { Session } from "./session.ts";
import { isSignedWith, signWith } from "./signing_key.ts";
import { statement } from "./statement.ts";

/**
 * What a node signs before it reveals anything: the nodes whose vectors are in the sum.
 *
 * @param survivors in any order
 */
function survivorsStatement(
  { runId, round, hash }: Session,
  survivors: Iterable<bigint>,
): Uint8Array<ArrayBuffer> {
  const sorted = [...survivors].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
  return statement("survivors", runId, round, hash, ...sorted);
}

/** Signs the survivors of a session. @param privateKey of Ed25519, 32 bytes */
export function signSurvivors(
  session: Session,
  survivors: Iterable<bigint>,
  privateKey: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return signWith(privateKey, survivorsStatement(session, survivors));
}

/** Whether a node signed this very set of survivors. @param publicKey the node's, of Ed25519 */
export function isSignedBy(
  session: Session,
  survivors: Iterable<bigint>,
  publicKey: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return isSignedWith(publicKey, signature, survivorsStatement(session, survivors));
}
