import { FlwrError } from "../base/error.ts";
import { areConsistent, combineShares, placeOfWrongShare } from "./shamir.ts";
import { ShareFactors } from "./share_factors.ts";

/** A share, and the node that gave it. */
export interface HeldShare {
  /** The node that gave it. */
  readonly holder: bigint;
  /** The share. */
  readonly share: Uint8Array;
}

/** A secret, and whose share did not fit. */
export interface RecoveredSecret {
  /** The secret. */
  readonly secret: Uint8Array;
  /** The node that gave a wrong share, if one did and it is clear which: the secret's owner may have sent it wrong. */
  readonly wrongHolder?: bigint;
}

/** How bytes are recognised as the secret. */
export interface SecretCheck {
  /** Whether bytes can be the secret. */
  readonly isValid: (secret: Uint8Array) => boolean | Promise<boolean>;
  /** Whether only the secret is valid, for example because its public key is known. */
  readonly isProof: boolean;
}

/**
 * The secret that shares of several nodes stand for. It is accepted only if all shares lie on one polynomial: a replayed or
 * invented share would otherwise make noise of the whole sum.
 *
 * One wrong share is left out with at least `threshold` + 2 shares: exactly one polynomial then goes through all but one.
 * With `threshold` + 1, all but one lie on some polynomial whichever is left out: only a secret that can be proved is then
 * accepted, and nobody is named. With `threshold`, a wrong one cannot be seen, and of two among `threshold` + 2, one right
 * share can seem to be the wrong one: check what you compute with a secret that has no proof.
 *
 * @param threshold how many shares give the secret back
 * @param factors give one object for all secrets of a round: it is faster. Default: a new one
 * @throws FlwrError "failed-precondition" when shares are too few, or do not fit together
 */
export async function recoverSecret(
  held: readonly HeldShare[],
  threshold: number,
  check: SecretCheck,
  factors: ShareFactors = new ShareFactors(),
): Promise<RecoveredSecret> {
  if (held.length < threshold) {
    throw new FlwrError(
      "failed-precondition",
      `Shares of a secret are too few: ${held.length}, expected at least ${threshold}`,
    );
  }
  const secret = await consistentSecret(held, threshold, check, factors);
  if (secret !== undefined) return { secret };
  const found: { secret: Uint8Array; wrongHolder: bigint }[] = [];
  for (const suspect of suspectsAmong(held, threshold, check)) {
    const others = held.filter((share) => share !== suspect);
    const secret = await consistentSecret(others, threshold, check, factors);
    if (secret !== undefined) found.push({ secret, wrongHolder: suspect.holder });
  }
  // Several only where two shares are alike, or bytes differ that do not matter: which node is wrong is then open.
  const [first] = found;
  const isClear = found.length === 1 && held.length >= threshold + 2;
  if (first !== undefined) return isClear ? first : { secret: first.secret };
  throw new FlwrError(
    "failed-precondition",
    `Shares of a secret do not fit together: a wrong one is among the ${held.length}, and ${threshold} right ones do ` +
      "not tell which",
  );
}

/** The shares of which one may be left out. */
function suspectsAmong(
  held: readonly HeldShare[],
  threshold: number,
  { isProof }: SecretCheck,
): readonly HeldShare[] {
  if (held.length < threshold + 2) return isProof && held.length > threshold ? held : [];
  try {
    const place = placeOfWrongShare(held.map(({ share }) => share));
    return place === undefined ? [] : [held[place]!];
  } catch (error) {
    // Another length, or a number twice: the others are then refused at once.
    if (error instanceof FlwrError) return held;
    throw error;
  }
}

/** The secret on which all shares agree; undefined where they do not. */
async function consistentSecret(
  held: readonly HeldShare[],
  threshold: number,
  { isValid }: SecretCheck,
  factors: ShareFactors,
): Promise<Uint8Array | undefined> {
  const shares = held.map(({ share }) => share);
  try {
    if (!areConsistent(shares, threshold, factors)) return undefined;
    const secret = combineShares(shares.slice(0, threshold), factors);
    return await isValid(secret) ? secret : undefined;
  } catch (error) {
    if (error instanceof FlwrError) return undefined;
    throw error;
  }
}
