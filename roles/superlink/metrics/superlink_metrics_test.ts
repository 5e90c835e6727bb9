import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { MESSAGE_KINDS } from "../../../entities/message_kind.ts";
import type { LinkEvent } from "../../../link/events.ts";
import type { Link } from "../../../link/link.ts";
import { MemoryStore } from "../../../link/store/memory.ts";
import { nodeRecord } from "../../../link/testing/records.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import { readOpenMetrics } from "../../../telemetry/testing/read_openmetrics.ts";
import { SuperLinkMetrics } from "./superlink_metrics.ts";

/** Series that a scrape may have, whatever callers, nodes and apps do. */
const MAX_SERIES = 600;

const CODES = ["not-found", "internal", "unavailable", "unauthenticated", "permission-denied"];

/** Events of every kind, with as many different values as their senders can choose. */
function* allEvents(): Generator<LinkEvent> {
  for (let i = 0n; i < 200n; i++) {
    for (const messageType of [...MESSAGE_KINDS, `odd${i}`, `train.${i}`]) {
      const instruction = {
        messageId: `${i}${messageType}`,
        runId: i,
        nodeId: i,
        messageType,
        groupId: "",
      };
      yield { kind: "instruction-pushed", instruction };
      yield { kind: "instruction-handed-out", instruction, delivery: 1 };
      yield { kind: "instruction-answered", instruction, times: { pushedAt: 0 }, appSeconds: 0 };
      yield { kind: "instruction-handed-out", instruction, delivery: 2 };
      for (
        const cause of [
          "returned",
          "did-not-arrive",
          "node-joined-again",
          "superlink-restarted",
          "superlink-ended",
          "push-expired",
        ] as const
      ) yield { kind: "instruction-requeued", instruction, cause };
      yield {
        kind: "instruction-failed",
        instruction,
        times: { pushedAt: 0 },
        code: Number(i),
        reason: "",
      };
    }
    const refused = { nodeId: i, code: `code-${i}` as never, reason: "" };
    yield { kind: "instruction-refused", runId: i, ...refused };
    yield { kind: "reply-refused", replyToMessageId: "", ...refused };
    yield { kind: "run-created", runId: i };
    yield { kind: "run-began", runId: i };
    const outcome = (["completed", "failed", "stopped"] as const)[Number(i % 3n)]!;
    yield { kind: "run-finished", runId: i, state: `finished:${outcome}`, details: "" };
    yield { kind: "node-joined", nodeId: i, takeover: i % 2n === 0n };
    for (
      const kind of [
        "node-returned",
        "node-deactivated",
        "node-registered",
        "node-unregistered",
        "node-forgotten",
      ] as const
    ) yield { kind, nodeId: i };
    yield { kind: "node-offline", nodeId: i, onlineUntil: 0 };
    yield { kind: "node-left", nodeId: i, forgotten: i % 2n === 0n };
  }
}

/** Lets everything happen that has a metric of its own. */
function exhaust(metrics: SuperLinkMetrics): void {
  for (const event of allEvents()) metrics.onEvent(event);
  // After the others, because nodes that are forgotten lose their series.
  for (const event of allEvents()) {
    if (event.kind === "instruction-answered") metrics.onEvent(event);
  }
  for (const service of ["Fleet", "Control", "Exec", "Runtime", "NodeJobs", "Driver"]) {
    for (let i = 0; i < 40; i++) {
      for (const name of ["PullMessages", "PushMessages", "PushObject", "PullObject", `M${i}`]) {
        const method = `/flwr.proto.${service}/${name}`;
        metrics.onCallEnd({ method, seconds: i });
        for (const code of CODES) {
          metrics.onCallEnd({ method, seconds: i, error: new FlwrError(code as never, "no") });
        }
        metrics.onCallEnd({ method, seconds: i, error: new ApiError("clock-off", "") });
        metrics.onCallEnd({ method, seconds: i, error: new Error("bug") });
      }
    }
  }
  metrics.onTraffic(3, 4);
  metrics.certificateEnds(new Date(1_800_000_000_000));
}

/** The metrics of a SuperLink with many nodes, of which some have names like those of others, or odd ones. */
async function withNodes(): Promise<{ metrics: SuperLinkMetrics; scrape: () => Promise<string> }> {
  const names = ["other", "(others)", "a\nb", '"} 1\n# EOF', "A", "a", "17", "\u2028x", "a (5)"];
  const store = new MemoryStore();
  const metrics = new SuperLinkMetrics({ store, namesNodes: true });
  const nodes = Array.from({ length: 200 }, (_, i) => ({
    ...nodeRecord({ nodeId: BigInt(i) }),
    ...(names[i % 20] !== undefined && { name: names[i % 20]! }),
  }));
  metrics.follow(
    {
      nodes: { list: () => Promise.resolve(nodes) },
      heldCalls: () => ({ work: 1, reply: 2, runs: 3, log: 4, superlinks: 0 }),
    } as unknown as Link,
  );
  store.gauges = () =>
    Promise.resolve({
      nodes: {},
      runs: {},
      instructions: [],
      objects: 1,
      bytes: 2,
      freeBytes: 3,
    });
  for (const kind of ["durable", "relaxed", "read-only"] as const) {
    await metrics.store.transaction(kind, () => Promise.resolve());
    const failing = metrics.store.transaction(kind, () => {
      throw new FlwrError("unavailable", "full");
    });
    await failing.catch(() => {});
  }
  const scrape = async () => {
    const server = await metrics.serve({ address: "127.0.0.1:0", hostNames: [] });
    try {
      const response = await fetch(`http://${server.address}/metrics`, {
        headers: { accept: "application/openmetrics-text" },
      });
      return await response.text();
    } finally {
      await server.close(0);
    }
  };
  return { metrics, scrape };
}

Deno.test("no matter what happens, a scrape has at most 600 series and is valid", async () => {
  const { metrics, scrape } = await withNodes();
  using _ = metrics;
  exhaust(metrics);
  const families = readOpenMetrics(await scrape());
  const counts = [...families].map(([name, { samples }]) => ({ name, series: samples.length }));
  const sum = counts.reduce((sum, { series }) => sum + series, 0);
  assert.ok(sum <= MAX_SERIES, `${sum} series: ${JSON.stringify(counts)}`);
  // The check would notice a family without a bound.
  assert.ok(sum > 400, `${sum} series`);
  const seconds = families.get("flwr_call_duration_seconds")!.samples;
  assert.ok(seconds.some(({ labels }) => labels.method === "PullMessages"));
});

Deno.test("each node has series under a label of its own", async () => {
  const { metrics, scrape } = await withNodes();
  using _ = metrics;
  const instruction = (nodeId: bigint) => ({
    messageId: `${nodeId}`,
    runId: 1n,
    nodeId,
    messageType: "train",
    groupId: "",
  });
  metrics.onEvent({
    kind: "instruction-answered",
    instruction: instruction(0n),
    times: { pushedAt: 0 },
    appSeconds: 0,
  });
  metrics.onEvent({
    kind: "instruction-failed",
    times: { pushedAt: 0 },
    instruction: instruction(9n),
    code: 1,
    reason: "secret",
  });
  const text = await scrape();
  assert.ok(!text.includes("secret"));
  const families = readOpenMetrics(text);
  const answers = families.get("flwr_node_answers")!.samples;
  assert.deepEqual(
    answers.map(({ labels, value }) => [labels.node, value]),
    [["other (0)", 1], ["9", 0], ["(others)", 0]],
  );
  assert.equal(families.get("flwr_node_failures")!.samples[1]!.value, 1);
  assert.equal(families.get("flwr_node_online")!.samples.length, 24);
});

Deno.test("a store that does not answer is left out, and the other metrics stay", async () => {
  const store = new MemoryStore();
  using metrics = new SuperLinkMetrics({ store, namesNodes: false });
  store.gauges = () => Promise.reject(new FlwrError("unavailable", "no disk"));
  const server = await metrics.serve({ address: "127.0.0.1:0", hostNames: [] });
  const response = await fetch(`http://${server.address}/metrics`, {
    headers: { accept: "application/openmetrics-text" },
  });
  const families = readOpenMetrics(await response.text());
  await server.close(0);
  assert.equal(families.get("flwr_nodes")!.samples.length, 0);
  assert.equal(families.get("flwr_store_read_failures")!.samples[0]!.value, 1);
  assert.equal(families.get("flwr_build_info")!.samples.length, 1);
});
