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

const OWNER = { schedule() {}, consumed() {}, reset() {} };
const LIST_RUNS = "/flwr.proto.Control/ListRuns";
const HEALTH = "/grpc.health.v1.Health/Check";

/** Opens a stream with a call. @param body the received body; none by default */
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

/** Collects the progress reported before a call's handler ends. */
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
  using responsePace = new PaceWatch(PACE_LIMITS);
  const ended = answerGrpc(call, methodsByPath([control, healthService([])]), {
    log: getLogger("silent"),
    responses: new ByteBudget(),
    pace: PACE_LIMITS,
    responsePace,
  }, (progress) => seen.push(progress));
  if (body !== undefined && path === LIST_RUNS) {
    await begun.promise;
  } else {
    await new Promise((resolve) => setTimeout(resolve));
    call.close(false);
    await ended;
  }
  call.close(false);
  return seen;
}

const refuse = () => {
  throw new FlwrError("unauthenticated", "Access denied");
};

Deno.test("call progress: headers count as accepted before the request arrives, if admitted or if the request may be large", async () => {
  assert.deepEqual(await progressOf(LIST_RUNS, { admit: () => {} }), ["headers-accepted"]);
  assert.deepEqual(await progressOf(LIST_RUNS), ["headers-accepted"]);
  assert.deepEqual(await progressOf(LIST_RUNS, { small: true }), []);
  assert.deepEqual(await progressOf(LIST_RUNS, { admit: refuse }), []);
  assert.deepEqual(await progressOf(HEALTH), []);
});

Deno.test("call progress: a caller is admitted before the response; a health check never is", async () => {
  const empty = new Uint8Array(5);
  assert.deepEqual(await progressOf(LIST_RUNS, {}, empty), ["headers-accepted", "admitted"]);
  assert.deepEqual(await progressOf(LIST_RUNS, { small: true }, empty), ["admitted"]);
  assert.deepEqual(await progressOf(HEALTH, {}, empty), []);
});
