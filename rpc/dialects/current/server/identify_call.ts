import { FlwrError } from "../../../../base/error.ts";
import type { Account } from "../../../../entities/account.ts";
import { hostOfPeer } from "../../../address.ts";
import type { CallHead } from "../../../call.ts";
import { NotAuthenticated } from "../../../not_authenticated.ts";
import type { AccountGate } from "./account_gate.ts";

/**
 * Finds the account of a call by its header `authorization`. A repeated header is refused.
 *
 * @throws NotAuthenticated; FlwrError "unavailable" or "resource-exhausted"
 */
export async function identifyCall(
  accounts: Pick<AccountGate, "identify">,
  call: CallHead,
): Promise<Account> {
  const token = bearerToken(call.header("authorization"));
  if (token === undefined) throw new NotAuthenticated(call.transport);
  try {
    return await accounts.identify(token, hostOfPeer(call.peer));
  } catch (error) {
    if (!(error instanceof FlwrError) || error.code !== "unauthenticated") throw error;
    throw new NotAuthenticated(call.transport, { cause: error });
  }
}

/** The token of a header `authorization`; undefined for a missing, repeated or different one. */
function bearerToken(header: string | undefined): string | undefined {
  return /^bearer +([^\s,]+)$/i.exec(header ?? "")?.[1];
}
