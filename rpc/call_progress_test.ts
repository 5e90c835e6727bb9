import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { FlwrError } from "../base/error.ts";
import { ByteBudget } from "./byte_budget.ts";
import { PACE_LIMITS } from "./body_pace.ts";
import { answerGrpc, methodsByPath } from "./grpc/grpc_services.ts";
import { healthService } from "./grpc/health.ts";
import { HeaderFields } from "./http2/header_fields.ts";
import type { CallProgress } from "./http2/server.ts";
import { Http2Stream } from "./http2/stream.ts";
import { PaceWatch } from "./pace_watch.ts";
import { bindControl } from "./testing/control.ts";

const OWNER = { wake() {}, consumed() {}, reset() {} };
const LIST_RUNS = "/flwr.proto.Control/ListRuns";
const HEALTH = "/grpc.health.v1.Health/Check";

/** A stream on which a call was begun. @param body what came of it; without it, nothing */
function stream(path: string, body?: Uint8Array): Http2Stream {
  const headers = new HeaderFields([
    [":method", "POST"],
    [":path", path],
    ["content-type", "application/grpc"],
  ]);
  const made = new Http2Stream(1, headers, "192.0.2.1:1", OWNER, { send: 100, receive: 100 });
  if (body !== undefined) {
    made.receive(body);
    made.receiveEnd();
  }
  return made;
}

/** What is told of a call before its handler ends. */
async function progressOf(
  path: string,
  options: { admit?: () => void; small?: boolean } = {},
  body?: Uint8Array,
) {
  const seen: CallProgress[] = [];
  const begun = Promise.withResolvers<void>();
  const call = stream(path, body);
  const control = bindControl({
    listRuns: () => {
      begun.resolve();
      return new Promise(() => {});
    },
  }, {
    ...(options.admit && { admit: options.admit }),
    ...(options.small && { maxRequestBytes: () => 1000 }),
  });
  using taking = new PaceWatch(PACE_LIMITS);
  const ended = answerGrpc(call, methodsByPath([control, healthService([])]), {
    log: getLogger("silent"),
    answers: new ByteBudget(),
    pace: PACE_LIMITS,
    taking,
  }, (progress) => seen.push(progress));
  if (body !== undefined && path === LIST_RUNS) {
    await begun.promise;
  } else {
    await new Promise((resolve) => setTimeout(resolve));
    call.settle(false);
    await ended;
  }
  call.settle(false);
  return seen;
}

const refuse = () => {
  throw new FlwrError("unauthenticated", "Access denied");
};

Deno.test("call progress: before its request came, a call is heard where its head, or size, says enough", async () => {
  assert.deepEqual(await progressOf(LIST_RUNS, { admit: () => {} }), ["heard"]);
  assert.deepEqual(await progressOf(LIST_RUNS), ["heard"]);
  assert.deepEqual(await progressOf(LIST_RUNS, { small: true }), []);
  assert.deepEqual(await progressOf(LIST_RUNS, { admit: refuse }), []);
  assert.deepEqual(await progressOf(HEALTH), []);
});

Deno.test("call progress: a caller is let in before it is answered; who asks for health never is", async () => {
  const empty = new Uint8Array(5);
  assert.deepEqual(await progressOf(LIST_RUNS, {}, empty), ["heard", "let-in"]);
  assert.deepEqual(await progressOf(LIST_RUNS, { small: true }, empty), ["let-in"]);
  assert.deepEqual(await progressOf(HEALTH, {}, empty), []);
});
