import { readPrivateKey, readPublicKey } from "../../../auth/key_pair.ts";
import type { Curve } from "../../../auth/curve.ts";
import { encodeOpenSshPrivate } from "../../../auth/openssh_private.ts";
import { PrivateKey } from "../../../auth/private_key.ts";
import type { PublicKey } from "../../../auth/public_key.ts";
import { type Change, makeOrReplace } from "./change.ts";
import { exists } from "./layout.ts";

/** A key pair that is there or will be, and what must be done for it. */
export interface PlannedPair {
  readonly publicKey: PublicKey;
  /** Whether the pair is new. */
  readonly made: boolean;
  readonly changes: readonly Change[];
}

/** Makes a new pair at the path, with `force` over what is there. */
export async function planNewPair(
  path: string,
  curve: Curve,
  force: boolean,
): Promise<PlannedPair> {
  const key = await PrivateKey.generate(curve);
  const { publicKey } = key;
  return {
    publicKey,
    made: true,
    changes: [
      {
        action: await makeOrReplace(path, force),
        file: path,
        text: encodeOpenSshPrivate(key),
        access: "private",
      },
      { action: await makeOrReplace(`${path}.pub`, force), ...publicFile(path, publicKey) },
    ],
  };
}

/**
 * Keeps the pair at the path. A private key that was moved to its machine is not missed; a public key that is missing
 * is written from the private one.
 *
 * @returns undefined when neither half is there
 * @throws FlwrError when the file cannot be read as a key
 */
export async function planKeptPair(path: string): Promise<PlannedPair | undefined> {
  if (await exists(`${path}.pub`)) {
    return { publicKey: await readPublicKey({ file: `${path}.pub` }), made: false, changes: [] };
  }
  if (!await exists(path)) return undefined;
  const { publicKey } = await readPrivateKey({ file: path });
  const change: Change = { action: "make", ...publicFile(path, publicKey) };
  return { publicKey, made: false, changes: [change] };
}

/** The .pub file as ssh-keygen writes it with an empty comment: a blank stands before where it would be. */
function publicFile(path: string, key: PublicKey) {
  return {
    file: `${path}.pub`,
    text: `${key.openssh} \n`,
    access: "public",
    note: key.fingerprint,
  } as const;
}
