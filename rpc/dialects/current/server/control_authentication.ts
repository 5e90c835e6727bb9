import type { TokenPair } from "../../../../entities/account.ts";
import type { AnonymousCall, CallHead } from "../../../call.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { Control } from "../../../../proto/gen/current/control_pb.ts";
import { hostOfPeer } from "../../../address.ts";
import { NotAuthenticated } from "../../../not_authenticated.ts";
import type { ServiceOptions } from "../../../service.ts";
import type { AccountGate } from "./account_gate.ts";
import { requireConfidential } from "./confidential.ts";
import { controlAdmissionOf } from "./control_policy.ts";
import { type ControlCaller, scopeOf } from "./control_rights.ts";
import { identifyCall } from "./identify_call.ts";

/** Metadata with the tokens of Flower 1.23 to 1.36, which has the SuperLink refresh them. */
export const ACCESS_TOKEN_KEY = "flwr-oidc-access-token";
export const REFRESH_TOKEN_KEY = "flwr-oidc-refresh-token";

/** Options of {@link controlAuthentication}. */
export interface ControlAuthenticationOptions {
  /** Called with each call that is admitted. */
  readonly onCall?: () => void;
  /** Undefined for a SuperLink without accounts. */
  readonly accounts?: AccountGate | undefined;
  /** Whether the SuperLink serves without TLS. With accounts, tokens then come only from this machine or a proxy. */
  readonly isPlain?: boolean;
}

/** What the headers of a call prove. */
interface Found {
  readonly caller: ControlCaller;
  /** New tokens for a client that has the SuperLink refresh them. */
  readonly renewed?: TokenPair;
}

/** How calls of the Control API are admitted. */
export type ControlAuthentication = Pick<
  ServiceOptions<typeof Control, ControlCaller | undefined, Found | undefined>,
  "admit" | "authenticate"
>;

/**
 * Admits calls of the Control API by their headers, before a byte of the body is read.
 *
 * Without accounts, as in Flower's open-source SuperLink, every caller is the same account. Credentials other than
 * bearer tokens are refused then, because their sender expects another kind of server.
 */
export function controlAuthentication(
  { onCall = () => {}, accounts, isPlain = false }: ControlAuthenticationOptions = {},
): ControlAuthentication {
  const admit = async (call: CallHead): Promise<Found | undefined> => {
    if (accounts === undefined) {
      checkCredentials(call);
      onCall();
      return undefined;
    }
    if (isPlain) requireConfidential(call);
    const found = controlAdmissionOf(call.method) === "anyone"
      ? undefined
      : await admitAccount(accounts, call);
    onCall();
    return found;
  };
  return {
    admit,
    authenticate: (call, _method, _bytes, _request, found) => {
      if (found?.renewed !== undefined) sendTokens(call, found.renewed);
      return Promise.resolve(found?.caller);
    },
  };
}

async function admitAccount(accounts: AccountGate, call: CallHead): Promise<Found> {
  const { account, renewed } = await identify(accounts, call);
  const scope = scopeOf(account, call.method);
  return { caller: { account, scope }, ...(renewed && { renewed }) };
}

async function identify(accounts: AccountGate, call: CallHead) {
  const accessToken = call.transport === "grpc" ? call.header(ACCESS_TOKEN_KEY) : undefined;
  if (accessToken === undefined) return { account: await identifyCall(accounts, call) };
  const host = hostOfPeer(call.peer);
  try {
    return { account: await accounts.identify(accessToken, host) };
  } catch (error) {
    const refreshToken = call.header(REFRESH_TOKEN_KEY);
    if (!isRefused(error) || !refreshToken) throw refusal(error);
    try {
      const renewed = await accounts.refresh(refreshToken, host);
      return { account: await accounts.identify(renewed.accessToken, host), renewed };
    } catch (error) {
      throw refusal(error);
    }
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof FlwrError && error.code === "unauthenticated";
}

function refusal(error: unknown): unknown {
  return isRefused(error) ? new NotAuthenticated("grpc", { cause: error }) : error;
}

function sendTokens(call: AnonymousCall, { accessToken, refreshToken }: TokenPair): void {
  call.setHeader(ACCESS_TOKEN_KEY, accessToken);
  call.setHeader(REFRESH_TOKEN_KEY, refreshToken);
}

function checkCredentials(call: CallHead): void {
  if (controlAdmissionOf(call.method) === "anyone") return;
  const credentials = call.header("authorization");
  if (credentials === undefined || /^bearer /i.test(credentials)) return;
  throw new FlwrError(
    "unauthenticated",
    "The call carries credentials that are not a bearer token",
  );
}
