import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { AUTH_TOKEN_HEADER, encodePublicKeyHeader, PUBLIC_KEY_HEADER } from "../../auth/header.ts";
import { readPrivateKey, readPublicKey } from "../../auth/key_pair.ts";
import type { PrivateKey } from "../../auth/private_key.ts";
import { TokenKey } from "../../auth/token_key.ts";
import { Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import type { Credentials } from "./credentials.ts";
import { RawClient } from "./raw_client.ts";

/** A SuperNode of the 1.9 wire made by hand, that can also say what no honest one would. */
export class RawNode implements Disposable {
  readonly key: PrivateKey;
  readonly client: RawClient;
  readonly #token: TokenKey;
  /** Its id after {@link join}. */
  id = 0n;

  private constructor(client: RawClient, key: PrivateKey, token: TokenKey) {
    this.client = client;
    this.key = key;
    this.#token = token;
  }

  /**
   * Connects without a word.
   *
   * @param node 1 for the first node's key
   */
  static async connect(fleet: string, credentials: Credentials, node: number): Promise<RawNode> {
    const key = await readPrivateKey({ file: credentials.nodePrivateKey(node) });
    const superLink = await readPublicKey({ file: credentials.superlinkPublicKey });
    const token = await TokenKey.derive(key, superLink);
    return new RawNode(new RawClient(fleet, credentials.caCertificate), key, token);
  }

  /** Calls CreateNode and keeps the id. */
  async join(): Promise<this> {
    const { message } = await this.client.call(
      Fleet.method.createNode,
      { pingInterval: 30 },
      this.keyHeader(),
    );
    this.id = message.node!.nodeId;
    return this;
  }

  /** The header with this node's key. */
  keyHeader(): Record<string, string> {
    return { [PUBLIC_KEY_HEADER]: encodePublicKeyHeader(this.key.publicKey) };
  }

  /** The headers that authenticate a request of this node. Its maps must not have more than one entry. */
  async headers<I extends DescMessage>(
    input: I,
    request: MessageInitShape<I>,
  ): Promise<Record<string, string>> {
    const token = await this.#token.sign(toBinary(input, create(input, request)));
    return { ...this.keyHeader(), [AUTH_TOKEN_HEADER]: token };
  }

  /** Makes one authenticated call. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const headers = await this.headers(method.input, request);
    return (await this.client.call(method, request, headers)).message;
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}
