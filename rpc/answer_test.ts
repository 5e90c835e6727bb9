import assert from "node:assert/strict";
import type { Logger } from "@logtape/logtape";
import { FlwrError } from "../base/error.ts";
import { logOutcome, UndecodableRequest } from "./answer.ts";
import type { OpenCall } from "./call.ts";
import { methodNotAllowed, Refusal } from "./http/refusal.ts";

const CALL = { method: "/flwr.proto.Fleet/PullMessages", peer: "192.0.2.1:5" } as OpenCall;

/** The level and properties of what is logged of a call that ended with an error. */
function logged(error?: unknown, call = CALL): [string, Record<string, unknown>] {
  const lines: [string, Record<string, unknown>][] = [];
  const at = (level: string) => (_: string, properties: Record<string, unknown>) =>
    void lines.push([level, properties]);
  const log = { debug: at("debug"), error: at("error") } as unknown as Logger;
  logOutcome(log, call, error);
  assert.equal(lines.length, 1);
  return lines[0]!;
}

Deno.test("refused calls are logged for debugging, without a stack, our own faults as errors", () => {
  const refusals = [
    new FlwrError("unauthenticated", "Access denied"),
    new FlwrError("cancelled", "The caller is gone"),
    new UndecodableRequest("Not a message", { cause: new Error("premature EOF") }),
    methodNotAllowed("POST"),
    new Refusal(415, "Unsupported Media Type"),
  ];
  for (const error of refusals) {
    const [level, { message, error: whole }] = logged(error);
    assert.deepEqual([level, whole], ["debug", undefined], error.name);
    assert.ok(message === undefined || typeof message === "string");
  }
  for (const error of [new TypeError("a bug"), new FlwrError("internal", "broken")]) {
    assert.deepEqual([logged(error)[0], logged(error)[1]["error"]], ["error", error]);
  }
});

Deno.test("lines of callers who are not known are marked, those of known ones are not", () => {
  const known = { ...CALL, caller: "node" } as OpenCall;
  assert.deepEqual(logged(new FlwrError("not-found", "x"))[1]["causedBy"], {
    kind: "refused calls",
    host: "192.0.2.1",
  });
  assert.equal(logged(new FlwrError("not-found", "x"), known)[1]["causedBy"], undefined);
  assert.notEqual(logged()[1]["causedBy"], undefined);
  assert.notEqual(logged(new TypeError("a bug"), known)[1]["causedBy"], undefined);
});
