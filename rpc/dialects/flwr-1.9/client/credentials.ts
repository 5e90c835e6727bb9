import type { DescMessage } from "@bufbuild/protobuf";
import {
  AUTH_TOKEN_HEADER,
  encodePublicKeyHeader,
  PUBLIC_KEY_HEADER,
  readPublicKeyHeader,
} from "../../../../auth/header.ts";
import type { PrivateKey } from "../../../../auth/private_key.ts";
import type { PublicKey } from "../../../../auth/public_key.ts";
import { TokenKey } from "../../../../auth/token_key.ts";
import { FlwrError } from "../../../../base/error.ts";
import { canonicalBytes } from "../canonical.ts";

/** Identity of a SuperNode, and the SuperLink it expects. */
export interface NodeIdentity {
  readonly key: PrivateKey;
  /** The only SuperLink key to accept. By default any key is accepted that the TLS-authenticated server sends. */
  readonly superLinkKey?: PublicKey;
}

/** Creates the headers of a SuperNode's calls up to Flower 1.14. */
export class TokenCredentials {
  readonly #identity: NodeIdentity;
  #tokenKey: TokenKey | undefined;

  constructor(identity: NodeIdentity) {
    this.#identity = identity;
  }

  /** The key's name in logs and messages. */
  get fingerprint(): string {
    return this.#identity.key.publicKey.fingerprint;
  }

  /** The headers of CreateNode, which is not signed. */
  joinHeaders(): Record<string, string> {
    return { [PUBLIC_KEY_HEADER]: encodePublicKeyHeader(this.#identity.key.publicKey) };
  }

  /**
   * Accepts the SuperLink's public key from the response to CreateNode.
   *
   * @throws FlwrError "failed-precondition" if the SuperLink does not authenticate nodes, or its key is on another
   *   curve; "unauthenticated" if it is not the expected one
   */
  async accept(header: string | undefined): Promise<void> {
    if (header === undefined) {
      throw new FlwrError(
        "failed-precondition",
        "The SuperLink does not authenticate nodes: it sent no public key",
        {
          hints: [
            "Start the SuperLink with the three --auth-… flags",
            "Or start this node without --auth-supernode-private-key and --auth-supernode-public-key",
          ],
        },
      );
    }
    const key = await readPublicKeyHeader(header);
    const { superLinkKey } = this.#identity;
    if (superLinkKey !== undefined && superLinkKey.pem !== key.pem) {
      throw new FlwrError(
        "unauthenticated",
        `The SuperLink's key is ${key.fingerprint}: expected ${superLinkKey.fingerprint}`,
        {
          hints: [
            "Check --auth-superlink-public-key, and whether --server names the right SuperLink",
          ],
        },
      );
    }
    this.#tokenKey = await TokenKey.derive(this.#identity.key, key);
  }

  /** Creates the headers of every other call, with a token over the request's deterministic serialization. */
  async callHeaders(schema: DescMessage, bytes: Uint8Array): Promise<Record<string, string>> {
    if (this.#tokenKey === undefined) {
      throw new FlwrError(
        "failed-precondition",
        "The node has not joined: it has no shared key yet",
      );
    }
    return {
      ...this.joinHeaders(),
      [AUTH_TOKEN_HEADER]: await this.#tokenKey.sign(canonicalBytes(schema, bytes)),
    };
  }
}
