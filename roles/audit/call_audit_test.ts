import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { sha256Hex } from "../../base/platform.ts";
import {
  Control,
  Exec,
  StartRunRequestSchema,
  StartRunResponseSchema,
} from "../../proto/gen/current/control_pb.ts";
import { Fleet, PullMessagesRequestSchema } from "../../proto/gen/current/fleet_pb.ts";
import { Fleet as OlderFleet } from "../../proto/gen/flwr-1.15/fleet_pb.ts";
import { Fleet as OldestFleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import type { AuthenticatedCall } from "../../rpc/call.ts";
import { refusalOf } from "../../rpc/call_watch.ts";
import { AuditLimiter, type KindLimits } from "./audit_limiter.ts";
import { recordingOf } from "./audited_calls.ts";
import { CallAudit, type CallAuditOptions } from "./call_audit.ts";
import { LateRecord } from "./audit_writer.ts";
import type { AuditRecord } from "./record.ts";

const START_RUN = "/flwr.proto.Control/StartRun";
const BUNDLE = new TextEncoder().encode("bundle");

function open(options: Partial<CallAuditOptions> = {}) {
  const records: AuditRecord[] = [];
  const post = (record: AuditRecord) => records.push(record);
  const writer = { post, write: (record: AuditRecord) => Promise.resolve(post(record)) };
  const all: CallAuditOptions = {
    writer,
    limiter: new AuditLimiter(),
    clock: new FakeClock(0),
    fleetCalls: false,
    knownKeysOnly: true,
    ...options,
  };
  return {
    records,
    watch: (api: "control" | "fleet", path: string) => CallAudit.of(all, api, path),
  };
}

function callOf(caller: unknown, peer = "192.0.2.7:5555"): AuthenticatedCall<unknown> {
  return {
    caller,
    peer,
    header: () => "Bearer secret-token",
  } as unknown as AuthenticatedCall<unknown>;
}

Deno.test("an act has a record when it begins, and one with its outcome", async () => {
  const { records, watch } = open();
  const audit = watch("control", START_RUN)!;
  const request = create(StartRunRequestSchema, { fab: { content: BUNDLE, hashStr: "claimed" } });
  const end = await audit.begin(callOf({ id: "sub-1", name: "alice" }), request);
  const event = { action: "ControlServicer.StartRun", run_id: null, fab_hash: sha256Hex(BUNDLE) };
  const actor = { actor_id: "sub-1", description: "alice", ip_address: "192.0.2.7" };
  const timestamp = "1970-01-01T00:00:00.000Z";
  assert.deepEqual(records, [{ timestamp, actor, event, status: "started" }]);
  end!({ response: create(StartRunResponseSchema, { runId: 2n ** 63n + 1n }) });
  const run_id = "9223372036854775809";
  assert.deepEqual(records[1], {
    timestamp,
    actor,
    event: { ...event, run_id },
    status: "completed",
    started: 1,
  });
});

Deno.test("a failed act has the error's code, and neither its text nor a token", async () => {
  const { records, watch } = open();
  const audit = watch("control", START_RUN)!;
  const request = create(StartRunRequestSchema, { overrideConfig: {} });
  const end = await audit.begin(callOf(undefined), request);
  end!({ error: new FlwrError("not-found", "hunter2") });
  audit.refused(callOf(undefined), new TypeError("hunter2"));
  assert.deepEqual(records.map(({ status, error }) => [status, error]), [
    ["started", undefined],
    ["failed", "not-found"],
    ["failed", "internal"],
  ]);
  assert.doesNotMatch(JSON.stringify(records), /hunter2|secret-token/);
  assert.deepEqual(records.map(({ actor }) => actor.actor_id), ["<id:none>", "<id:none>", null]);
});

Deno.test("a refused call names the account or key, if it was known", () => {
  const { records, watch } = open();
  const refused = (api: "control" | "fleet", caller?: unknown) => {
    const error = new FlwrError("permission-denied", "x");
    const known = caller === undefined ? error : refusalOf(error, caller);
    watch(api, START_RUN)!.refused(callOf(undefined), known);
  };
  refused("control", { account: { id: "sub-1", name: "alice" }, scope: "own" });
  refused("control");
  refused("fleet", { publicKey: { fingerprint: "SHA256:x" } });
  refused("fleet");
  const ip_address = "192.0.2.7";
  assert.deepEqual(records.map(({ actor }) => actor), [
    { actor_id: "sub-1", description: "alice", ip_address },
    { actor_id: null, description: "unknown", ip_address },
    { actor_id: null, description: "SuperNode", ip_address, key: "SHA256:x" },
    { actor_id: null, description: "SuperNode", ip_address },
  ]);
});

Deno.test("nodes' frequent calls are recorded only if that is wanted", async () => {
  const path = "/flwr.proto.Fleet/PullMessages";
  const request = create(PullMessagesRequestSchema, { node: { nodeId: 5n } });
  const caller = { nodeId: 5n, publicKey: { fingerprint: "SHA256:x" } };
  const without = open();
  assert.equal(await without.watch("fleet", path)!.begin(callOf(caller), request), undefined);
  assert.deepEqual(without.records, []);
  const withThem = open({ fleetCalls: true });
  (await withThem.watch("fleet", path)!.begin(callOf(caller), request))!({ response: undefined });
  assert.deepEqual(withThem.records.map(({ actor, status }) => [actor, status]), [
    [
      { actor_id: "5", description: "SuperNode", ip_address: "192.0.2.7", key: "SHA256:x" },
      "started",
    ],
    [
      { actor_id: "5", description: "SuperNode", ip_address: "192.0.2.7", key: "SHA256:x" },
      "completed",
    ],
  ]);
});

/** Limits with 2 calls of each kind. */
function limiter(): AuditLimiter {
  const two: KindLimits = { perCaller: 2, total: 3 };
  return new AuditLimiter({ refused: two, frequent: two, unproven: two });
}

Deno.test("a stranger causes a bounded number of records: refusals and reads are counted, changes refused", async () => {
  const limits = limiter();
  const { records, watch } = open({ limiter: limits });
  const change = watch("control", START_RUN)!;
  const read = watch("control", "/flwr.proto.Control/ListRuns")!;
  const request = create(StartRunRequestSchema);
  for (let i = 0; i < 5; i++) {
    change.refused(callOf(undefined), new FlwrError("unauthenticated", "x"));
    await read.begin(callOf(undefined), request);
    const begun = change.begin(callOf(undefined), request);
    if (i < 2) await begun;
    else await assert.rejects(begun, { code: "resource-exhausted" });
  }
  assert.equal(records.length, 6);
  // An account is not held up by strangers, also at their address.
  for (let i = 0; i < 5; i++) await change.begin(callOf({ id: "a", name: "a" }), request);
  assert.equal(records.length, 11);
  assert.deepEqual(limits.endWindow(), [
    { kind: "refused", omitted: 3 },
    { kind: "frequent", omitted: 3 },
    { kind: "unproven", omitted: 3 },
  ]);
  assert.deepEqual(limits.endWindow(), []);
});

Deno.test("many addresses together have a bound too", () => {
  const limits = limiter();
  const allowed = Array.from({ length: 100 }, (_, i) => limits.allows("refused", `h${i}`));
  assert.deepEqual(allowed.filter(Boolean).length, 3);
});

Deno.test("an act whose record comes too late does not take place, and its record says so", async () => {
  const records: AuditRecord[] = [];
  const late = () => Promise.reject(new LateRecord(7));
  const post = (record: AuditRecord) => records.push(record);
  const held = open({ writer: { write: late, post } });
  const begun = held.watch("control", START_RUN)!.begin(
    callOf(undefined),
    create(StartRunRequestSchema),
  );
  await assert.rejects(begun, { code: "unavailable" });
  assert.deepEqual(records.map(({ status, started, error }) => [status, started, error]), [
    ["failed", 7, "unavailable"],
  ]);
});

Deno.test("each call of each API is recorded, but those in which credentials travel", () => {
  const kinds = (api: "control" | "fleet", services: typeof Control[]) =>
    Object.groupBy(
      new Set(services.flatMap(({ methods }) => methods.map(({ name }) => name))),
      (name) => recordingOf(api, name),
    );
  const control = kinds("control", [Control, Exec] as unknown as typeof Control[]);
  assert.deepEqual(control.never?.sort(), [
    "BeginConnectorOAuth",
    "CompleteConnectorOAuth",
    "GetAuthTokens",
    "GetLoginDetails",
    "RefreshAuthTokens",
  ]);
  for (const name of ["StartRun", "StopRun", "PullArtifacts", "RegisterNode", "AddApp"]) {
    assert.ok(control.change?.includes(name), name);
  }
  assert.ok(control.frequent?.every((name) => /^(List|Show|Stream|Get|PushAttachment)/.test(name)));
  const fleet = kinds("fleet", [Fleet, OlderFleet, OldestFleet] as unknown as typeof Control[]);
  assert.deepEqual(fleet.change?.sort(), [
    "ActivateNode",
    "CreateNode",
    "DeactivateNode",
    "DeleteNode",
    "RegisterNode",
    "UnregisterNode",
  ]);
  assert.equal(fleet.never, undefined);
});
