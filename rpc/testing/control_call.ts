import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { Control } from "../../proto/gen/current/control_pb.ts";
import type { ClientTls } from "../client_tls.ts";
import { NO_RETRY } from "../retry.ts";
import { bindControl } from "./control.ts";
import { openHttpChannel } from "../http/channel.ts";

/** A Control API that lists no runs. */
export const binding = bindControl({ listRuns: () => Promise.resolve({ now: "now" }) });

/** The outcome of one call: its response or its error. */
export async function tryCall(
  address: string,
  tls: ClientTls = "insecure",
): Promise<string | FlwrError> {
  const channel = openHttpChannel({ address, tls, retry: NO_RETRY });
  try {
    return (await channel.call(Control.method.listRuns, {})).response.now;
  } catch (error) {
    assert.ok(error instanceof FlwrError, String(error));
    return error;
  } finally {
    channel.close();
  }
}

/** Asserts that a call failed with a code and a message. */
export function assertError(
  outcome: string | FlwrError,
  code: string,
  message: string | RegExp,
): void {
  assert.ok(outcome instanceof FlwrError, String(outcome));
  if (typeof message === "string") assert.equal(outcome.message, message);
  else assert.match(outcome.message, message);
  assert.equal(outcome.code, code);
}
