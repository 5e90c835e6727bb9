import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type Clock, systemClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { Accounts, type ApiToken } from "../../../../proto/gen/current/accounts_pb.ts";
import { Control } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { Channel } from "../../../channel.ts";
import { NO_RETRY } from "../../../retry.ts";
import { secondsOfIsoTime } from "../iso_time.ts";
import type { AccountTokens } from "./account_channel.ts";
import { CALL_DEADLINE_SECONDS } from "./limits.ts";
import { explainRefusal } from "./refusal.ts";

/** What a user needs to log in. */
export interface LoginInvitation {
  readonly deviceCode: string;
  /** The page where the user confirms the login. */
  readonly verificationUri: string;
  /** Seconds until the login expires. */
  readonly expiresIn: number;
  /** Seconds between two questions whether the user has confirmed. */
  readonly interval: number;
}

/** The caller's account. */
export interface WhoAmI {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** The API token of the call; undefined after a login. */
  readonly apiTokenId?: string;
}

/** An API token, without its secret. Times are Unix times in seconds. */
export interface ApiTokenSummary {
  readonly tokenId: string;
  readonly name: string;
  readonly accountName: string;
  readonly roles: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The calls of a SuperLink about accounts. Methods reject with a FlwrError that has the server's message. */
export class AccountsClient {
  readonly #channel: Channel;
  readonly #clock: Clock;

  constructor(channel: Channel, clock: Clock = systemClock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  /** Begins a login. @returns undefined if the SuperLink has no accounts */
  async beginLogin(): Promise<LoginInvitation | undefined> {
    const details = await this.#call(Control.method.getLoginDetails, {});
    if (details.authnType === "noop") return undefined;
    if (details.authnType !== "oidc") {
      throw new FlwrError(
        "unimplemented",
        `The SuperLink wants a login of an unknown kind: ${JSON.stringify(details.authnType)}`,
      );
    }
    return {
      deviceCode: details.deviceCode,
      verificationUri: details.verificationUriComplete,
      expiresIn: Number(details.expiresIn),
      interval: Math.max(1, Number(details.interval)),
    };
  }

  /** Asks whether the user has confirmed a login. @returns undefined as long as the user has not */
  async finishLogin(deviceCode: string): Promise<AccountTokens | undefined> {
    const tokens = await this.#call(Control.method.getAuthTokens, { deviceCode });
    const { accessToken, refreshToken } = tokens;
    return accessToken === "" || refreshToken === "" ? undefined : { accessToken, refreshToken };
  }

  /** The caller's account. @throws FlwrError "unimplemented" at SuperLinks other than ours */
  async whoAmI(): Promise<WhoAmI> {
    const { id, name, roles, apiTokenId } = await this.#call(Accounts.method.whoAmI, {});
    return { id, name, roles, ...(apiTokenId !== "" && { apiTokenId }) };
  }

  /** Creates an API token. @param options `roles`: some of the caller's; default: all of them */
  async createApiToken(
    options: {
      readonly name: string;
      readonly seconds: number;
      readonly roles?: readonly string[];
    },
  ): Promise<{ readonly token: ApiTokenSummary; readonly secret: string }> {
    const { name, seconds, roles = [] } = options;
    const { token, secret } = await this.#call(Accounts.method.createApiToken, {
      name,
      seconds: BigInt(seconds),
      roles: [...roles],
    });
    if (token === undefined || secret === "") {
      throw new FlwrError("data-loss", "The SuperLink created the API token but did not send it");
    }
    return { token: this.#summary(token), secret };
  }

  /** Lists API tokens. @param all those of all accounts, for an admin */
  async listApiTokens(all: boolean): Promise<ApiTokenSummary[]> {
    const { tokens } = await this.#call(Accounts.method.listApiTokens, { all });
    return tokens.map((token) => this.#summary(token));
  }

  /** Revokes an API token. @throws FlwrError "not-found" */
  async revokeApiToken(tokenId: string): Promise<void> {
    await this.#call(Accounts.method.revokeApiToken, { tokenId });
  }

  #summary({ tokenId, name, accountName, roles, createdAt, expiresAt }: ApiToken): ApiTokenSummary {
    const time = (text: string) => secondsOfIsoTime(text) ?? this.#clock.now();
    return {
      tokenId,
      name,
      accountName,
      roles,
      createdAt: time(createdAt),
      expiresAt: time(expiresAt),
    };
  }

  async #call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
  ): Promise<MessageShape<M["output"]>> {
    try {
      const options = { timeoutSeconds: CALL_DEADLINE_SECONDS, retry: NO_RETRY };
      return (await this.#channel.call(method, request, options)).response;
    } catch (error) {
      // Its text says more than our explanation of the number, which is about other calls.
      if (error instanceof ApiError && error.api === "not-logged-in") {
        throw new FlwrError(error.code, error.message, { cause: error });
      }
      throw explainRefusal(error);
    }
  }
}
