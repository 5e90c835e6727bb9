import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import { nodeNameProblem } from "../../../../base/node_name.ts";
import type { Clock } from "../../../../base/clock.ts";
import { type Account, isRole, type Role } from "../../../../entities/account.ts";
import {
  type Accounts,
  type ApiToken,
  ApiTokenSchema,
  CreateApiTokenResponseSchema,
  ListApiTokensResponseSchema,
  RevokeApiTokenResponseSchema,
  WhoAmIResponseSchema,
} from "../../../../proto/gen/current/accounts_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { CallHead } from "../../../call.ts";
import type { ServiceHandlers, ServiceOptions } from "../../../service.ts";
import { isoTime } from "../iso_time.ts";
import type { AccountGate } from "./account_gate.ts";
import { requireConfidential } from "./confidential.ts";
import { identifyCall } from "./identify_call.ts";

/** Longest life of an API token, in seconds: a year and a day. */
const MAX_SECONDS = 366 * 86_400;

/** An API token, without its secret. Times are Unix times in seconds. */
export interface ApiTokenInfo {
  readonly tokenId: string;
  readonly name: string;
  readonly accountId: string;
  readonly accountName: string;
  readonly roles: readonly Role[];
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The API tokens of a SuperLink. */
export interface ApiTokenBook {
  create(
    account: Account,
    options: { readonly name: string; readonly seconds: number },
  ): Promise<{ readonly record: ApiTokenInfo; readonly secret: string }>;
  /** Those that have not expired. @param accountId only those of this account */
  list(accountId?: string): Promise<ApiTokenInfo[]>;
  revoke(tokenId: string): Promise<void>;
}

/** Options of the service Accounts. */
export interface AccountsOptions {
  /** Undefined for a SuperLink without accounts. */
  readonly gate: AccountGate | undefined;
  readonly book: ApiTokenBook | undefined;
  readonly clock: Clock;
  /** As in ControlAuthenticationOptions. */
  readonly isPlain: boolean;
}

/** Admits every account, because each may ask who it is and manage its own tokens. */
export function accountsAuthentication(
  { gate, isPlain }: AccountsOptions,
): Pick<ServiceOptions<typeof Accounts, Account, Account>, "admit" | "authenticate"> {
  return {
    async admit(call: CallHead) {
      if (gate === undefined) throw noAccounts();
      if (isPlain) requireConfidential(call);
      return await identifyCall(gate, call);
    },
    authenticate: (_call, _method, _bytes, _request, account) => Promise.resolve(account),
  };
}

/** Handlers of the service Accounts: the caller's own account and its API tokens. */
export function accountsHandlers(
  { book, clock }: AccountsOptions,
): ServiceHandlers<typeof Accounts, Account> {
  const tokens = () => {
    if (book === undefined) throw noAccounts();
    return book;
  };
  return {
    whoAmI: (_request, { caller: { id, name, roles, apiTokenId = "" } }) =>
      Promise.resolve(create(WhoAmIResponseSchema, { id, name, roles: [...roles], apiTokenId })),

    async createApiToken({ name, seconds, roles }, call) {
      const { caller } = call;
      if (caller.apiTokenId !== undefined) {
        throw new ApiError("not-entitled", "An API token cannot create another one: log in");
      }
      const problem = nodeNameProblem(name);
      if (problem !== undefined) {
        throw new FlwrError("invalid-argument", `The name of the API token ${problem}`);
      }
      if (seconds < 1n || seconds > BigInt(MAX_SECONDS)) {
        throw new FlwrError(
          "invalid-argument",
          `An API token is valid for 1 s to ${MAX_SECONDS / 86_400} days, not for ${seconds} s`,
        );
      }
      const account = { ...caller, roles: someOf(caller, roles) };
      call.setHeader("cache-control", "no-store");
      const { record, secret } = await tokens().create(account, { name, seconds: Number(seconds) });
      return create(CreateApiTokenResponseSchema, { token: tokenToWire(record), secret });
    },

    async listApiTokens({ all }, { caller }) {
      if (all) requireAdmin(caller);
      const listed = await tokens().list(all ? undefined : caller.id);
      return create(ListApiTokensResponseSchema, {
        tokens: listed.map(tokenToWire),
        now: isoTime(clock.now()),
      });
    },

    async revokeApiToken({ tokenId }, { caller }) {
      const own = caller.roles.includes("admin") ? undefined : caller.id;
      if (!(await tokens().list(own)).some((token) => token.tokenId === tokenId)) {
        throw new FlwrError("not-found", `There is no API token "${tokenId}" of yours`);
      }
      await tokens().revoke(tokenId);
      return create(RevokeApiTokenResponseSchema);
    },
  };
}

/** The roles that a token gets: those that were asked for, or all of its account. */
function someOf({ name, roles }: Account, asked: readonly string[]): readonly Role[] {
  const wanted = asked.map((text) => {
    if (isRole(text) && roles.includes(text)) return text;
    throw new ApiError("not-entitled", `Account "${name}" does not have the role "${text}"`);
  });
  if (wanted.length > 0) return wanted;
  if (roles.length > 0) return roles;
  throw new ApiError(
    "not-entitled",
    `Account "${name}" has no role on this SuperLink: ask its operator for one`,
  );
}

function requireAdmin({ roles }: Account): void {
  if (roles.includes("admin")) return;
  throw new ApiError("not-entitled", "Only an admin sees the API tokens of all accounts");
}

function tokenToWire({ createdAt, expiresAt, roles, ...token }: ApiTokenInfo): ApiToken {
  const { tokenId, name, accountId, accountName } = token;
  return create(ApiTokenSchema, {
    tokenId,
    name,
    accountId,
    accountName,
    roles: [...roles],
    createdAt: isoTime(createdAt),
    expiresAt: isoTime(expiresAt),
  });
}

function noAccounts(): ApiError {
  return new ApiError("accounts-not-offered", "This SuperLink has no accounts");
}
