import { readKeyPair, readPrivateKey, readPublicKey } from "../../auth/key_pair.ts";
import type { PrivateKey } from "../../auth/private_key.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import type { NodeIdentity } from "../../rpc/dialects/flwr-1.9/client/credentials.ts";

/** Flags for the identity of a SuperNode. */
export interface IdentityFlags {
  insecure: boolean;
  authSupernodePrivateKey?: string;
  authSupernodePublicKey?: string;
  authSuperlinkPublicKey?: string;
}

const PRIVATE_FLAG = "--auth-supernode-private-key";
const PUBLIC_FLAG = "--auth-supernode-public-key";

/**
 * Reads the node's keys. The private key is enough, because the public key is derived from it.
 *
 * @returns undefined for a node without keys
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readIdentity(flags: IdentityFlags): Promise<NodeIdentity | undefined> {
  const { authSupernodePrivateKey: privateFile, authSupernodePublicKey: publicFile } = flags;
  if (privateFile === undefined) {
    const alone = publicFile === undefined ? flags.authSuperlinkPublicKey : publicFile;
    if (alone === undefined) return undefined;
    const flag = publicFile === undefined ? "--auth-superlink-public-key" : PUBLIC_FLAG;
    throw new FlwrError("invalid-argument", `${flag} also needs ${PRIVATE_FLAG}`, {
      hints: ["Add the node's private key, or remove both flags"],
    });
  }
  if (flags.insecure) {
    throw new FlwrError("failed-precondition", "Authentication of a SuperNode needs TLS", {
      hints: ["Remove --insecure and add --root-certificates"],
    });
  }
  const key = await readKey(privateFile, publicFile);
  if (flags.authSuperlinkPublicKey === undefined) return { key };
  const superLinkKey = await readPublicKey({
    file: flags.authSuperlinkPublicKey,
    flag: "--auth-superlink-public-key",
  });
  return { key, superLinkKey };
}

async function readKey(privateFile: string, publicFile: string | undefined): Promise<PrivateKey> {
  if (publicFile === undefined) {
    return await readPrivateKey({ file: privateFile, flag: PRIVATE_FLAG });
  }
  log("supernode").debug("{flag} is not needed: the public key is derived from the private one", {
    flag: PUBLIC_FLAG,
  });
  return await readKeyPair({
    privateFile,
    publicFile,
    privateFlag: PRIVATE_FLAG,
    publicFlag: PUBLIC_FLAG,
  });
}
