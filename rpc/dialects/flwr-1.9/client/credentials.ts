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

/** How a SuperNode proves who it is, and whom it expects at the other end. */
export interface NodeIdentity {
  readonly key: PrivateKey;
  /** The only SuperLink key to accept; without it whichever the TLS-authenticated server names. */
  readonly superLinkKey?: PublicKey;
}

/** The headers of a SuperNode's calls up to Flower 1.14. */
export class NodeCredentials {
  readonly #identity: NodeIdentity;
  #tokenKey: TokenKey | undefined;

  constructor(identity: NodeIdentity) {
    this.#identity = identity;
  }

  /** The node's key, as logs and messages call it. */
  get fingerprint(): string {
    return this.#identity.key.publicKey.fingerprint;
  }

  /** The headers of CreateNode, which is not signed. */
  joinHeaders(): Record<string, string> {
    return { [PUBLIC_KEY_HEADER]: encodePublicKeyHeader(this.#identity.key.publicKey) };
  }

  /**
   * Takes the SuperLink's public key from the answer to CreateNode.
   *
   * @throws FlwrError "failed-precondition" when the SuperLink does not authenticate nodes, or its key is on another
   *   curve; "unauthenticated" when it is not the expected one
   */
  async accept(header: string | undefined): Promise<void> {
    if (header === undefined) {
      throw new FlwrError(
        "failed-precondition",
        "The SuperLink does not authenticate its nodes: it names no public key",
        {
          hints: [
            "Start the SuperLink with its three --auth-… flags",
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

  /** The headers of every other call: the token is over the request's deterministic serialisation. */
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
