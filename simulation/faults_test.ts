import assert from "node:assert/strict";
import { ArrayRecord } from "../app/array_record.ts";
import { ConfigRecord } from "../app/config_record.ts";
import { Message } from "../app/message.ts";
import { MetricRecord } from "../app/metric_record.ts";
import { FakeClock } from "../base/clock.ts";
import { settle } from "../base/testing/settle.ts";
import { MessageErrorCode } from "../entities/metadata.ts";
import { NO_FAULTS, type NodeFaults } from "../entities/simulation.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { lie } from "./lie.ts";
import type { NodeRunner } from "./node_runner.ts";
import { SimulatedConnection } from "./simulated_connection.ts";
import { nodeIdOf, VirtualNodes } from "./virtual_nodes.ts";

const floats = (...values: number[]) =>
  tensor("float32", [values.length], Float32Array.of(...values));

/** Adds 1 to the model, after as many turns of the event loop as the seed says, so that runners differ in speed. */
const runner: NodeRunner = {
  async run(message, context, seed) {
    for (let i = seed % 3; i > 0; i--) await settle();
    const arrays = message.content.arrayRecord("arrays").tensors();
    const learnt = [...arrays].map(([name, { data }]) =>
      [name, floats(...(data as Float32Array).map((value) => value + 1))] as const
    );
    const reply = message.reply({ arrays: ArrayRecord.fromTensors(learnt) });
    return { reply, state: context.state };
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

interface Setting {
  readonly faults: Partial<NodeFaults>;
  readonly nodes: number;
  readonly runners?: number;
  readonly seed?: number;
}

function connect({ faults, nodes, runners = 1, seed = 0 }: Setting) {
  const clock = new FakeClock(Date.now() / 1000);
  const connection = new SimulatedConnection({
    runId: 1n,
    nodes: new VirtualNodes({ count: nodes }),
    runners: Array.from({ length: runners }, () => runner),
    runConfig: new ConfigRecord(),
    seed,
    faults: { ...NO_FAULTS, ...faults },
    clock,
  });
  return { clock, connection };
}

function instructions(nodes: number, rounds = 1): Message[] {
  const content = { arrays: ArrayRecord.fromTensors({ w: floats(5) }) };
  return Array.from(
    { length: nodes * rounds },
    (_, i) => Message.create({ content, dstNodeId: nodeIdOf(i % nodes), messageType: "train" }),
  );
}

/** The outcome of each message: the error's code, or the array's value. */
async function outcomes(setting: Setting, rounds = 1): Promise<number[]> {
  const { connection } = connect(setting);
  const ids = await connection.push(1n, instructions(setting.nodes, rounds));
  const found = new Map<string, number>();
  while (found.size < ids.length) {
    for (const reply of await connection.pull(1n, ids as string[])) {
      const [array] = reply.error === undefined
        ? reply.content.arrayRecord("arrays").viewTensors().values()
        : [];
      found.set(reply.metadata.replyToMessageId, Number(array?.data[0] ?? -reply.error!.code));
    }
  }
  connection.close();
  return ids.map((id) => found.get(id!)!);
}

Deno.test("faults: the shares of dropped and false replies hold, each by itself", async () => {
  const all = await outcomes({ faults: { dropout: 0.2, lie: 0.1 }, nodes: 1000, runners: 100 }, 5);
  const share = (value: number) => all.filter((other) => other === value).length / all.length;
  // Four standard deviations of 5,000 draws.
  const near = (value: number, expected: number) =>
    assert.ok(Math.abs(value - expected) < 4 * Math.sqrt(expected / all.length), String(value));
  near(share(-MessageErrorCode.NodeUnavailable), 0.2);
  near(share(4), 0.8 * 0.1);
  near(share(6), 0.8 * 0.9);
});

Deno.test("faults: a node drops out of some messages, and answers others", async () => {
  const all = await outcomes({ faults: { dropout: 0.5 }, nodes: 1 }, 40);
  assert.ok(all.includes(6) && all.includes(-MessageErrorCode.NodeUnavailable));
});

Deno.test("faults: the same seed has the same faults with one and with three runners, another has others", async () => {
  const drawn = (runners: number, seed: number) =>
    outcomes({ faults: { dropout: 0.3, lie: 0.3 }, nodes: 20, runners, seed }, 5);
  const one = await drawn(1, 7);
  assert.deepEqual(await drawn(3, 7), one);
  assert.notDeepEqual(await drawn(3, 8), one);
});

Deno.test("faults: a slow node keeps no runner busy, and answers after its time", async () => {
  const { clock, connection } = connect({ faults: { slow: 0.5, slowSeconds: 30 }, nodes: 200 });
  const ids = await connection.push(1n, instructions(200)) as string[];
  const arrived = new Set<string>();
  void (async () => {
    while (arrived.size < ids.length) {
      for (const { metadata } of await connection.pull(1n, ids)) {
        arrived.add(metadata.replyToMessageId);
      }
    }
  })();
  const settled = async () => {
    for (let before = -1; before !== arrived.size;) {
      before = arrived.size;
      for (let i = 0; i < 20; i++) await settle();
    }
    return arrived.size;
  };
  const fast = await settled();
  assert.ok(fast > 70 && fast < 130, String(fast));
  await clock.advance(29);
  assert.equal(await settled(), fast);
  await clock.advance(1);
  assert.equal(await settled(), 200);
  connection.close();
});

Deno.test("faults: all messages of a long queue of one node can be dropped", async () => {
  const all = await outcomes({ faults: { dropout: 1 }, nodes: 1 }, 20_000);
  assert.ok(all.every((outcome) => outcome === -MessageErrorCode.NodeUnavailable));
});

Deno.test("a lie is as far from the model as the truth, on the other side", () => {
  const records = (tensors: Record<string, Tensor>) => ({
    arrays: ArrayRecord.fromTensors(tensors),
    metrics: new MetricRecord({ loss: 2 }),
  });
  const count = tensor("int64", [1], BigInt64Array.of(4n));
  const instruction = Message.create({
    content: records({ w: floats(1, 2), b: floats(9) }),
    dstNodeId: 2n,
    messageType: "train",
  });
  const half = tensor("float16", [1], Float16Array.of(1.5));
  const reply = instruction.reply(records({ w: floats(4, 2), b: floats(1, 2), h: half, n: count }));
  const { content } = lie(reply, instruction);
  const told = content.arrayRecord("arrays").tensors();
  assert.deepEqual(told.get("w"), floats(-2, 2));
  // An array of another shape than the one sent, or one that was not sent, becomes its own negative.
  assert.deepEqual(told.get("b"), floats(-1, -2));
  assert.deepEqual(told.get("h"), tensor("float16", [1], Float16Array.of(-1.5)));
  assert.deepEqual(told.get("n"), count);
  assert.equal(content.metricRecord("metrics").number("loss"), 2);
  const error = instruction.replyError(1, "no");
  assert.equal(lie(error, instruction), error);
});
