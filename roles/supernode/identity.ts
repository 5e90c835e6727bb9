import { readKeyPair, readPublicKey } from "../../auth/key_pair.ts";
import { FlwrError } from "../../base/error.ts";
import type { NodeIdentity } from "../../rpc/dialects/flwr-1.9/client/credentials.ts";

/** The flags by which a SuperNode says who it is. */
export interface IdentityFlags {
  insecure: boolean;
  authSupernodePrivateKey?: string;
  authSupernodePublicKey?: string;
  authSuperlinkPublicKey?: string;
}

/**
 * Reads the node's keys.
 *
 * @returns undefined for a node without keys
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readIdentity(flags: IdentityFlags): Promise<NodeIdentity | undefined> {
  const { authSupernodePrivateKey: privateFile, authSupernodePublicKey: publicFile } = flags;
  if (privateFile === undefined && publicFile === undefined) {
    if (flags.authSuperlinkPublicKey === undefined) return undefined;
    throw new FlwrError(
      "invalid-argument",
      "--auth-superlink-public-key needs the node's own keys too",
      { hints: ["Give --auth-supernode-private-key and --auth-supernode-public-key"] },
    );
  }
  if (privateFile === undefined || publicFile === undefined) {
    const missing = privateFile === undefined ? "private" : "public";
    throw new FlwrError(
      "invalid-argument",
      `Authentication also needs --auth-supernode-${missing}-key`,
      { hints: ["Give both keys of the node, or none"] },
    );
  }
  if (flags.insecure) {
    throw new FlwrError("failed-precondition", "Authentication of a SuperNode needs TLS", {
      hints: ["Leave out --insecure and give --root-certificates"],
    });
  }
  const key = await readKeyPair({
    privateFile,
    publicFile,
    privateFlag: "--auth-supernode-private-key",
    publicFlag: "--auth-supernode-public-key",
  });
  if (flags.authSuperlinkPublicKey === undefined) return { key };
  const superLinkKey = await readPublicKey({
    file: flags.authSuperlinkPublicKey,
    flag: "--auth-superlink-public-key",
  });
  return { key, superLinkKey };
}
