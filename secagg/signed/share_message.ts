import { joinBytes } from "../../base/bytes.ts";
import { FlwrError } from "../../base/error.ts";
import { type Session, shareEncryptionKey } from "./session.ts";
import { statement } from "./statement.ts";

/** Bytes of AES-GCM's nonce and of its tag. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Bytes of a share of 32 bytes: its number, and three elements of 16 bytes. */
export const SHARE_BYTES = 52;

/** A share of each of a node's two secrets. */
export interface SharePair {
  /** Of the seed of the node's own mask. */
  readonly seedShare: Uint8Array;
  /** Of the private key of its masks with others. */
  readonly keyShare: Uint8Array;
}

/** Sender and receiver of shares. */
export interface Route {
  readonly source: bigint;
  readonly destination: bigint;
}

/**
 * Encrypts shares with AES-256-GCM. Session, source and destination are authenticated, too.
 *
 * @param secret of the two nodes' share keys
 */
export async function encryptShares(
  session: Session,
  secret: Uint8Array,
  route: Route,
  { seedShare, keyShare }: SharePair,
): Promise<Uint8Array<ArrayBuffer>> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const key = await cipherKey(session, secret, route, "encrypt");
  const plain = joinBytes([seedShare, keyShare]);
  const sealed = await crypto.subtle.encrypt(algorithm(session, route, nonce), key, plain);
  return joinBytes([nonce, new Uint8Array(sealed)]);
}

/**
 * Decrypts what {@link encryptShares} made.
 *
 * @throws FlwrError "invalid-argument" when it was changed, or made in another session, by or for another node
 */
export async function decryptShares(
  session: Session,
  secret: Uint8Array,
  route: Route,
  message: Uint8Array,
): Promise<SharePair> {
  const unreadable = () =>
    new FlwrError(
      "invalid-argument",
      `Shares of node ${route.source} for node ${route.destination} cannot be read: they were changed, or made in ` +
        "another round, by another node or for another one",
    );
  if (message.length !== NONCE_BYTES + 2 * SHARE_BYTES + TAG_BYTES) throw unreadable();
  const nonce = message.slice(0, NONCE_BYTES);
  const key = await cipherKey(session, secret, route, "decrypt");
  const sealed = message.slice(NONCE_BYTES);
  try {
    const plain = new Uint8Array(
      await crypto.subtle.decrypt(algorithm(session, route, nonce), key, sealed),
    );
    return { seedShare: plain.slice(0, SHARE_BYTES), keyShare: plain.slice(SHARE_BYTES) };
  } catch (error) {
    if (error instanceof DOMException) throw unreadable();
    throw error;
  }
}

function algorithm({ runId, round, hash }: Session, route: Route, iv: Uint8Array<ArrayBuffer>) {
  const { source, destination } = route;
  const additionalData = statement("shares", runId, round, hash, source, destination);
  return { name: "AES-GCM", iv, additionalData, tagLength: 8 * TAG_BYTES };
}

async function cipherKey(
  session: Session,
  secret: Uint8Array,
  { source, destination }: Route,
  use: "encrypt" | "decrypt",
): Promise<CryptoKey> {
  const key = await shareEncryptionKey(session, secret, source, destination);
  return await crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);
}
