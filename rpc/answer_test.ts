import assert from "node:assert/strict";
import type { Logger } from "@logtape/logtape";
import { FlwrError } from "../base/error.ts";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  CreateRunRequestSchema,
  Driver,
  PushTaskInsRequestSchema,
} from "../proto/gen/flwr-1.9/driver_pb.ts";
import { answerUnary, logOutcome, UndecodableRequest } from "./answer.ts";
import type { OpenCall } from "./call.ts";
import type { CallWatch } from "./call_watch.ts";
import { HttpRefusal, methodNotAllowed } from "./http/refusal.ts";
import { DECODED_BYTES_PER_TURN } from "./decode_in_turns.ts";
import { bindService, type ServiceHandlers } from "./service.ts";
import { turnsDuring } from "../base/testing/turns_during.ts";

const CALL = { method: "/flwr.proto.Fleet/PullMessages", peer: "192.0.2.1:5" } as OpenCall;

/** The level and properties of the log record of a call that ended with an error. */
function logged(error?: unknown, call = CALL): [string, Record<string, unknown>] {
  const lines: [string, Record<string, unknown>][] = [];
  const at = (level: string) => (_: string, properties: Record<string, unknown>) =>
    void lines.push([level, properties]);
  const log = { debug: at("debug"), error: at("error") } as unknown as Logger;
  logOutcome(log, call, error);
  assert.equal(lines.length, 1);
  return lines[0]!;
}

Deno.test("refused calls are logged at debug level without a stack, internal errors as errors", () => {
  const refusals = [
    new FlwrError("unauthenticated", "Access denied"),
    new FlwrError("cancelled", "The caller is gone"),
    new UndecodableRequest("Not a message", { cause: new Error("premature EOF") }),
    methodNotAllowed("POST"),
    new HttpRefusal(415, "Unsupported Media Type"),
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

Deno.test("log records of unidentified callers are marked, those of identified ones are not", () => {
  const known = { ...CALL, caller: "node" } as OpenCall;
  assert.deepEqual(logged(new FlwrError("not-found", "x"))[1]["causedBy"], {
    kind: "refused calls",
    host: "192.0.2.1",
  });
  assert.equal(logged(new FlwrError("not-found", "x"), known)[1]["causedBy"], undefined);
  assert.notEqual(logged()[1]["causedBy"], undefined);
  assert.notEqual(logged(new TypeError("a bug"), known)[1]["causedBy"], undefined);
});

Deno.test("a service checks a call's headers, then its bytes, then its request", async () => {
  const asked: string[] = [];
  const { methods } = bindService<typeof Driver, string, string>(Driver, {
    admit: () => {
      asked.push("admit");
      return "head";
    },
    prove: (_call, _method, bytes, found) => {
      asked.push(`prove ${found}`);
      if (bytes.length === 0) throw new FlwrError("unauthenticated", "Nothing is signed");
      return Promise.resolve("bytes");
    },
    authenticate: (_call, _method, _bytes, _request, found) => {
      asked.push(`authenticate ${found}`);
      return Promise.resolve(found);
    },
    handlers: {
      createRun: (_request, { caller }) => {
        asked.push(`handle ${caller}`);
        return Promise.resolve({});
      },
    } as Partial<ServiceHandlers<typeof Driver, string>> as ServiceHandlers<typeof Driver, string>,
  });
  const method = methods.find(({ desc }) => desc === Driver.method.createRun)!;
  const request = toBinary(
    CreateRunRequestSchema,
    create(CreateRunRequestSchema, { fabId: "publisher/app" }),
  );
  await answerUnary(method, request, { ...CALL });
  assert.deepEqual(asked.splice(0), [
    "admit",
    "prove head",
    "authenticate bytes",
    "handle bytes",
  ]);
  await assert.rejects(answerUnary(method, request.subarray(1), { ...CALL }), UndecodableRequest);
  assert.deepEqual(asked.splice(0), ["admit", "prove head"]);
  await assert.rejects(answerUnary(method, new Uint8Array(), { ...CALL }), {
    code: "unauthenticated",
  });
  assert.deepEqual(asked, ["admit", "prove head"]);
});

Deno.test("a long request lets others have their turn, a short one comes at once", async () => {
  const turnsWith = async (tasks: number) => {
    const request = toBinary(
      PushTaskInsRequestSchema,
      create(PushTaskInsRequestSchema, {
        taskInsList: Array.from({ length: tasks }, () => ({ groupId: "x".repeat(5000) })),
      }),
    );
    const { methods } = bindService<typeof Driver, string>(Driver, {
      authenticate: () => Promise.resolve("anyone"),
      handlers: {
        pushTaskIns: ({ taskInsList }) => Promise.resolve({ taskIds: [`${taskInsList.length}`] }),
      } as Partial<ServiceHandlers<typeof Driver, string>> as ServiceHandlers<
        typeof Driver,
        string
      >,
    });
    const method = methods.find(({ desc }) => desc === Driver.method.pushTaskIns)!;
    const { turns } = await turnsDuring(() => answerUnary(method, request, { ...CALL }));
    return { turns, length: request.length };
  };
  assert.equal((await turnsWith(6)).turns, 0);
  const { turns, length } = await turnsWith(100);
  // Each part ends with the task that fills it.
  assert.ok(turns >= Math.floor(length / (DECODED_BYTES_PER_TURN + 5100)), `${turns} turns`);
  assert.ok(turns <= length / DECODED_BYTES_PER_TURN, `${turns} turns`);
});

/** A watch that notes what it is told. @param refusal thrown when a call begins */
function noting(refusal?: FlwrError): { watch: CallWatch; told: unknown[] } {
  const told: unknown[] = [];
  const watch: CallWatch = {
    begin({ caller }) {
      told.push(["begin", caller]);
      if (refusal !== undefined) throw refusal;
      return Promise.resolve((outcome) => told.push(outcome));
    },
    refused: (_, error) => told.push(["refused", error]),
  };
  return { watch, told };
}

Deno.test("a watch is told of each call's begin and outcome, and can refuse it", async () => {
  let handled = 0;
  const failure = new FlwrError("not-found", "x");
  const { methods } = bindService<typeof Driver, string>(Driver, {
    authenticate: () => Promise.resolve("alice"),
    handlers: {
      createRun: ({ fabId }) => {
        handled++;
        return fabId === "" ? Promise.reject(failure) : Promise.resolve({ runId: 7n });
      },
    } as Partial<ServiceHandlers<typeof Driver, string>> as ServiceHandlers<typeof Driver, string>,
  });
  const method = methods.find(({ desc }) => desc === Driver.method.createRun)!;
  const request = toBinary(CreateRunRequestSchema, create(CreateRunRequestSchema, { fabId: "a" }));
  const { watch, told } = noting();
  await answerUnary({ ...method, watch }, request, { ...CALL });
  await assert.rejects(answerUnary({ ...method, watch }, new Uint8Array(), { ...CALL }), failure);
  assert.deepEqual(told, [
    ["begin", "alice"],
    { response: { runId: 7n } },
    ["begin", "alice"],
    { error: failure },
  ]);
  const refusal = new FlwrError("unavailable", "no");
  const refusing = noting(refusal);
  const refused = answerUnary({ ...method, watch: refusing.watch }, request, { ...CALL });
  await assert.rejects(refused, refusal);
  assert.equal(handled, 2);
  assert.deepEqual(refusing.told, [["begin", "alice"]]);
});

Deno.test("a watch is told of calls that were refused before, and of no other", () => {
  const { watch, told } = noting();
  const log = { debug() {}, error() {} } as unknown as Logger;
  const error = new FlwrError("unauthenticated", "x");
  logOutcome(log, { ...CALL, caller: undefined } as unknown as OpenCall, error, watch);
  logOutcome(log, { ...CALL }, undefined, watch);
  assert.deepEqual(told, []);
  logOutcome(log, { ...CALL }, error, watch);
  assert.deepEqual(told, [["refused", error]]);
});
