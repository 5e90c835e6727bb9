import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import {
  type Control,
  GetAuthTokensResponseSchema,
  GetLoginDetailsResponseSchema,
  RefreshAuthTokensResponseSchema,
} from "../../../../proto/gen/current/control_pb.ts";
import { hostOfPeer } from "../../../address.ts";
import { ApiError } from "../../../api_error.ts";
import type { AnonymousCall } from "../../../call.ts";
import type { ServiceHandlers } from "../../../service.ts";
import type { AccountGate } from "./account_gate.ts";

/** The calls of a login. */
export type LoginHandlers = Pick<
  ServiceHandlers<typeof Control, unknown>,
  "getLoginDetails" | "getAuthTokens" | "refreshAuthTokens"
>;

/** Handlers of the calls of a login. @param accounts undefined for a SuperLink without accounts */
export function loginHandlers(accounts: AccountGate | undefined): LoginHandlers {
  if (accounts === undefined) {
    return {
      getLoginDetails: () =>
        Promise.resolve(create(GetLoginDetailsResponseSchema, { authnType: "noop" })),
      getAuthTokens: () => Promise.reject(noAccounts()),
      refreshAuthTokens: () => Promise.reject(noAccounts()),
    };
  }
  return {
    async getLoginDetails(_request, call) {
      keepSecret(call);
      const details = await accounts.beginLogin(hostOfPeer(call.peer));
      return create(GetLoginDetailsResponseSchema, {
        authnType: "oidc",
        deviceCode: details.deviceCode,
        verificationUriComplete: details.verificationUri,
        expiresIn: BigInt(details.expiresIn),
        interval: BigInt(details.interval),
      });
    },

    async getAuthTokens({ deviceCode }, call) {
      keepSecret(call);
      const tokens = await asLogin(accounts.finishLogin(deviceCode, hostOfPeer(call.peer)));
      return create(GetAuthTokensResponseSchema, tokens ?? {});
    },

    async refreshAuthTokens({ refreshToken }, call) {
      keepSecret(call);
      const tokens = await asLogin(accounts.refresh(refreshToken, hostOfPeer(call.peer)));
      return create(RefreshAuthTokensResponseSchema, tokens);
    },
  };
}

/** As Flower: caches must not keep tokens. */
function keepSecret(call: AnonymousCall): void {
  call.setHeader("cache-control", "no-store");
  call.setHeader("pragma", "no-cache");
}

/** Gives a refused code or token Flower's number, by which its command asks for a new login. */
async function asLogin<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof FlwrError) || error.code !== "unauthenticated") throw error;
    throw new ApiError("not-logged-in", error.message, { cause: error });
  }
}

function noAccounts(): ApiError {
  return new ApiError(
    "accounts-not-offered",
    "This SuperLink does not support that: it has no accounts",
  );
}
