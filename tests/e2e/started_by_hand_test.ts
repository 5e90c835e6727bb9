/** Runs of `flwr run module:name`: by which calls they are made, and what the SuperLink knows of their end. */
import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import type { JournalRecord } from "../../entities/journal.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import type { RequestHeaders } from "../../rpc/channel.ts";
import { openChannel } from "../../rpc/grpc/channel.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import type { RunSummary } from "../../rpc/dialects/current/client/control_summaries.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { startServer } from "../../rpc/grpc/server.ts";
import { type BoundMethod, methodPath, type ServiceBinding } from "../../rpc/service.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { runResult } from "../support/result.ts";
import { scenario } from "../support/stage.ts";

/** Stands before a Driver API and counts its calls by path. */
async function countingDriver(driver: string) {
  const calls = new Map<string, number>();
  const channel = openChannel({ address: driver, tls: "insecure", retry: { maxRetries: 0 } });
  const services = [Driver, Runtime].map((desc): ServiceBinding => ({
    desc,
    methods: desc.methods.map((method) => {
      const path = methodPath(method);
      const handle: BoundMethod["handle"] = async (request, call) => {
        calls.set(path, (calls.get(path) ?? 0) + 1);
        const token = call.header("flwr-task-token");
        const headers: RequestHeaders = token === undefined ? {} : { "flwr-task-token": token };
        const { response } = await channel.call(method, request as never, {
          signal: call.signal,
          metadata: () => Promise.resolve(headers),
        });
        return response;
      };
      return {
        desc: method,
        authenticate: () => Promise.resolve({}),
        handle,
        maxRequestBytes: () => 2 ** 29,
        maxRequestUnits: 2 ** 29,
      };
    }),
  }));
  const server = await startServer({ address: "127.0.0.1:0", services, log: getLogger("silent") });
  return {
    calls,
    address: server.address,
    async [Symbol.asyncDispose]() {
      channel.close();
      await server.close(1);
    },
  };
}

/** The records of a run in a SuperLink's journal. */
async function eventsOf(http: string, runId: bigint): Promise<JournalRecord[]> {
  const client = new ControlClient(openHttpChannel({ address: http, tls: "insecure" }));
  try {
    return (await client.runEvents(runId))!;
  } finally {
    client.close();
  }
}

/** The newest run of a SuperLink. */
async function newestRun(http: string): Promise<RunSummary> {
  const client = new ControlClient(openHttpChannel({ address: http, tls: "insecure" }));
  try {
    return (await client.listRuns({ limit: 1 })).items[0]!;
  } finally {
    client.close();
  }
}

scenario("by hand: a run goes over today's wire but for its creation", async (stage) => {
  const { driver, fleet, http } = await startSuperLink({ stage });
  for (const node of [1, 2]) await joined(startSuperNode({ stage, fleet, node }));
  await using counting = await countingDriver(driver);
  const result = stage.path("result.json");
  const run = startServerApp({ stage, driver: counting.address, result });
  await runResult(run, result);

  const { calls } = counting;
  const old = [...calls].filter(([path]) => path.startsWith("/flwr.proto.Driver/"));
  assert.deepEqual(old, [["/flwr.proto.Driver/CreateRun", 1]]);
  // Training and evaluation in each of three rounds, whose objects travel with the calls.
  assert.equal(calls.get("/flwr.proto.Runtime/PushMessages"), 6);
  assert.equal(calls.has("/flwr.proto.Runtime/PushObject"), false);
  assert.equal(calls.has("/flwr.proto.Runtime/PullObject"), false);
  assert.equal(calls.get("/flwr.proto.Runtime/PushTaskOutput"), 1);
  const { runId, status, subStatus, details } = await newestRun(http);
  assert.deepEqual([status, subStatus, details], ["finished", "completed", ""]);

  const records = await eventsOf(http, runId);
  const ofKind = <Kind extends JournalRecord["kind"]>(kind: Kind) =>
    records.filter((record): record is JournalRecord<Kind> & JournalRecord => record.kind === kind);
  assert.deepEqual(ofKind("round-finished").map(({ data }) => data.round), [1, 2, 3]);
  const phases = ofKind("phase-finished");
  assert.deepEqual(phases.map(({ data: { round, phase, results } }) => [round, phase, results]), [
    ...[1, 2, 3].flatMap((round) => [[round, "train", 2], [round, "evaluate", 2]]),
  ]);
  assert.equal(typeof phases[1]!.data.metrics?.["loss"], "number");
  const replies = ofKind("node-replied");
  assert.equal(replies.length, 12);
  assert.ok(replies.every(({ nodeId, data }) => nodeId !== undefined && data.round !== undefined));
  // The domain's own records of the same instructions.
  const answered = ofKind("instruction-answered");
  assert.equal(answered.length, 12);
  for (const { at, data: { pushedAt, handedOutAt } } of answered) {
    assert.ok(pushedAt <= handedOutAt! && handedOutAt! <= at);
  }
  assert.equal(records.at(-1)?.kind, "run-finished");
  assert.equal(ofKind("node-contributed").length, 2);
});

scenario("by hand: a run that Ctrl-C ends has failed", async (stage) => {
  const { driver, fleet, http } = await startSuperLink({ stage });
  const config = `wait-round=1 wait-file="${stage.path("never")}"`;
  const node = startSuperNode({ stage, fleet, node: 1, config });
  await joined(node);
  await joined(startSuperNode({ stage, fleet, node: 2 }));
  const run = startServerApp({ stage, driver, result: stage.path("result.json") });
  await node.waitForLine(/Waiting in round 1/);
  assert.equal((await run.end("SIGINT")).code, 1);
  assert.deepEqual((({ status, subStatus }) => [status, subStatus])(await newestRun(http)), [
    "finished",
    "failed",
  ]);
});

scenario("by hand: a run that is stopped ends its command at once", async (stage) => {
  const { driver, fleet, http } = await startSuperLink({ stage });
  const config = `wait-round=1 wait-file="${stage.path("never")}"`;
  const node = startSuperNode({ stage, fleet, node: 1, config });
  await joined(node);
  await joined(startSuperNode({ stage, fleet, node: 2 }));
  const run = startServerApp({ stage, driver, result: stage.path("result.json") });
  await node.waitForLine(/Waiting in round 1/);
  const { runId } = await newestRun(http);
  const client = new ControlClient(openHttpChannel({ address: http, tls: "insecure" }));
  await client.stopRun(runId);
  client.close();
  assert.equal((await run.ended(10)).code, 1);
  assert.equal((await newestRun(http)).subStatus, "stopped");
});
