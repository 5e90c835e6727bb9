import { readPrivateKey, readPublicKey } from "../../../auth/key_pair.ts";
import type { Curve } from "../../../auth/curve.ts";
import { encodeOpenSshPrivate } from "../../../auth/openssh_private.ts";
import { PrivateKey } from "../../../auth/private_key.ts";
import type { PublicKey } from "../../../auth/public_key.ts";
import { type Change, makeOrReplace } from "./change.ts";
import { exists } from "./layout.ts";

/** An existing or new key pair, and the changes to make for it. */
export interface PlannedPair {
  readonly publicKey: PublicKey;
  /** Whether the pair is new. */
  readonly made: boolean;
  readonly changes: readonly Change[];
}

/** Plans a new pair at a path. With `force` it replaces existing files. */
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
 * Plans to keep the pair at a path. The private key may have been moved to its machine. A missing public key is derived
 * from the private one.
 *
 * @returns undefined if neither file exists
 * @throws FlwrError when a file is not a valid key
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

/** The .pub file as ssh-keygen writes it with an empty comment: with a trailing space. */
function publicFile(path: string, key: PublicKey) {
  return {
    file: `${path}.pub`,
    text: `${key.openssh} \n`,
    access: "public",
    note: key.fingerprint,
  } as const;
}
