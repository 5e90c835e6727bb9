import assert from "node:assert/strict";
import { AccountStreams, MAX_ACCOUNT_STREAMS } from "./account_streams.ts";
import type { ControlCaller } from "./control_rights.ts";

function callerOf(id: string): ControlCaller {
  return { account: { id, name: id, roles: ["researcher"] }, scope: "own" };
}

Deno.test("AccountStreams: an account at its limit gets another stream when one has ended", () => {
  const streams = new AccountStreams();
  const open = Array.from({ length: MAX_ACCOUNT_STREAMS }, () => streams.open(callerOf("a")));
  assert.throws(() => streams.open(callerOf("a")), { code: "resource-exhausted" });
  using _ = streams.open(callerOf("b"));
  open.pop()![Symbol.dispose]();
  open.push(streams.open(callerOf("a")));
  for (const stream of open) stream[Symbol.dispose]();
  assert.equal(streams.size, 1);
});
