import { sameBytes } from "../base/bytes.ts";
import { FlwrError } from "../base/error.ts";
import { combineShares } from "./shamir.ts";

/** A share, and the node that gave it. */
export interface HeldShare {
  /** The node that gave it. */
  readonly holder: bigint;
  /** The share. */
  readonly share: Uint8Array;
}

/** A secret, and the node whose share did not fit. */
export interface RecoveredSecret {
  /** The secret. */
  readonly secret: Uint8Array;
  /** The node that gave a wrong share, where one did. */
  readonly liar?: bigint;
}

/**
 * The secret that shares of several nodes stand for. One wrong share is found and left out, where enough others are there:
 * a replayed or invented share would otherwise make noise of the whole sum.
 *
 * @param threshold how many shares give the secret back
 * @param isValid whether bytes can be the secret
 * @throws FlwrError "failed-precondition" when shares are too few, or do not fit together
 */
export async function recoverSecret(
  held: readonly HeldShare[],
  threshold: number,
  isValid: (secret: Uint8Array) => boolean | Promise<boolean>,
): Promise<RecoveredSecret> {
  if (held.length < threshold) {
    throw new FlwrError(
      "failed-precondition",
      `Shares of a secret are too few: ${held.length}, expected at least ${threshold}`,
    );
  }
  const secret = await consistentSecret(held, threshold, isValid);
  if (secret !== undefined) return { secret };
  if (held.length > threshold) {
    for (const suspect of held) {
      const others = held.filter((share) => share !== suspect);
      const found = await consistentSecret(others, threshold, isValid);
      if (found !== undefined) return { secret: found, liar: suspect.holder };
    }
  }
  throw new FlwrError(
    "failed-precondition",
    `Shares of a secret do not fit together: a wrong one is among the ${held.length}`,
  );
}

/**
 * The secret on which all shares agree; undefined where they do not. A polynomial of a lower degree goes through more
 * points than it needs, so the threshold's number of shares and all of them give the same value at 0.
 */
async function consistentSecret(
  held: readonly HeldShare[],
  threshold: number,
  isValid: (secret: Uint8Array) => boolean | Promise<boolean>,
): Promise<Uint8Array | undefined> {
  const shares = held.map(({ share }) => share);
  try {
    const secret = combineShares(shares.slice(0, threshold));
    const agrees = shares.length === threshold || sameBytes(secret, combineShares(shares));
    return agrees && await isValid(secret) ? secret : undefined;
  } catch (error) {
    if (error instanceof FlwrError) return undefined;
    throw error;
  }
}
