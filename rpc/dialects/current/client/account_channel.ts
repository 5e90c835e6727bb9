import type {
  DescMethod,
  DescMethodServerStreaming,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import { Control } from "../../../../proto/gen/current/control_pb.ts";
import type { Transport } from "../../../call.ts";
import type { CallOptions, CallResponse, Channel, RequestHeaders } from "../../../channel.ts";
import { saysNotAuthenticated } from "../../../not_authenticated.ts";
import { NO_RETRY } from "../../../retry.ts";
import { CALL_DEADLINE_SECONDS } from "./limits.ts";

/** The tokens of a login. */
export interface AccountTokens {
  readonly accessToken: string;
  /** Undefined for an API token, which is not refreshed. */
  readonly refreshToken?: string;
}

/** Where the tokens of one SuperLink are kept, for several processes. */
export interface TokenStore {
  /** The tokens as they are now; undefined after a logout. */
  read(): Promise<AccountTokens | undefined>;
  write(tokens: AccountTokens): Promise<void>;
}

/** Metadata of Flower 1.23 to 1.36, whose SuperLinks refresh the tokens themselves. */
const ACCESS_TOKEN_KEY = "flwr-oidc-access-token";
const REFRESH_TOKEN_KEY = "flwr-oidc-refresh-token";

/** Calls without credentials. */
const OPEN: ReadonlySet<string> = new Set(
  [Control.method.getLoginDetails, Control.method.getAuthTokens, Control.method.refreshAuthTokens]
    .map(({ name }) => name),
);

/**
 * A channel that sends the tokens of a login with each call. If the SuperLink refuses the access token, it gets a new
 * one and repeats the call once.
 */
export class AccountChannel implements Channel {
  readonly #channel: Channel;
  readonly #transport: Transport;
  readonly #store: TokenStore;
  #tokens: AccountTokens;

  /** @param tokens those that the store has */
  constructor(channel: Channel, transport: Transport, store: TokenStore, tokens: AccountTokens) {
    this.#channel = channel;
    this.#transport = transport;
    this.#store = store;
    this.#tokens = tokens;
  }

  get address(): string {
    return this.#channel.address;
  }

  async call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = {},
  ): Promise<CallResponse<MessageShape<M["output"]>>> {
    if (OPEN.has(method.name)) return await this.#channel.call(method, request, options);
    const used = this.#tokens;
    try {
      const answer = await this.#channel.call(method, request, this.#with(options));
      await this.#takeRenewed(answer);
      return answer;
    } catch (error) {
      if (!await this.#renewAfter(error, used)) throw error;
      return await this.#channel.call(method, request, this.#with(options));
    }
  }

  async *stream<M extends DescMethodServerStreaming>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<M["output"]>, void, void> {
    const used = this.#tokens;
    try {
      yield* this.#channel.stream(method, request, this.#with(options));
    } catch (error) {
      // A stream is checked only at its beginning, so nothing was received before this error.
      if (!await this.#renewAfter(error, used)) throw error;
      yield* this.#channel.stream(method, request, this.#with(options));
    }
  }

  close(): void {
    this.#channel.close();
  }

  #with(options: CallOptions): CallOptions {
    const metadata = async (bytes: Uint8Array): Promise<RequestHeaders> => ({
      ...await options.metadata?.(bytes),
      ...this.#headers(),
    });
    return { ...options, metadata };
  }

  #headers(): RequestHeaders {
    const { accessToken, refreshToken } = this.#tokens;
    if (this.#transport === "http" || refreshToken === undefined) {
      return { authorization: `Bearer ${accessToken}` };
    }
    return { [ACCESS_TOKEN_KEY]: accessToken, [REFRESH_TOKEN_KEY]: refreshToken };
  }

  /** Over gRPC, new tokens come with an answer. */
  async #takeRenewed(answer: Pick<CallResponse<unknown>, "header">): Promise<void> {
    if (this.#transport !== "grpc") return;
    const accessToken = answer.header(ACCESS_TOKEN_KEY);
    const refreshToken = answer.header(REFRESH_TOKEN_KEY);
    if (!accessToken || !refreshToken) return;
    await this.#take({ accessToken, refreshToken });
  }

  /** @returns whether the call can be repeated with other tokens */
  async #renewAfter(error: unknown, used: AccountTokens): Promise<boolean> {
    if (this.#transport === "grpc" || !(error instanceof FlwrError)) return false;
    if (!saysNotAuthenticated(error)) return false;
    if (this.#tokens !== used || await this.#takeStored(used)) return true;
    if (used.refreshToken === undefined) return false;
    try {
      const { response } = await this.#channel.call(
        Control.method.refreshAuthTokens,
        { refreshToken: used.refreshToken },
        { timeoutSeconds: CALL_DEADLINE_SECONDS, retry: NO_RETRY },
      );
      const { accessToken, refreshToken } = response;
      if (accessToken === "" || refreshToken === "") return false;
      await this.#take({ accessToken, refreshToken });
      return true;
    } catch (error) {
      if (FlwrError.from(error).code !== "unauthenticated") throw error;
      // Another process may have used the refresh token meanwhile.
      return await this.#takeStored(used);
    }
  }

  /** Uses the stored tokens if another process has renewed them. */
  async #takeStored(used: AccountTokens): Promise<boolean> {
    const stored = await this.#store.read();
    if (stored === undefined || stored.accessToken === used.accessToken) return false;
    this.#tokens = stored;
    return true;
  }

  async #take(tokens: AccountTokens): Promise<void> {
    this.#tokens = tokens;
    await this.#store.write(tokens);
  }
}
