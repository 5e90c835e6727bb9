import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { applyMods } from "../client_mod.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Context } from "../context.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { DifferentialPrivacyServerSideFixedClipping } from "../privacy/wrappers.ts";
import { RecordDict } from "../record_dict.ts";
import { ComposedStrategy } from "../strategy/composed_strategy.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { clientMods, type Postprocessor } from "../strategy/postprocessor/postprocessor.ts";
import { clippedUpdates, localNoise } from "./clipping_noise.ts";
import { quantized } from "./quantized.ts";
import { topK } from "./top_k.ts";
import { cappedWeights, equalWeights } from "./weighting.ts";

type Model = Map<string, Tensor>;

const floats = (...numbers: number[]) =>
  tensor("float32", [numbers.length], Float32Array.from(numbers));
const invalid = (error: unknown) => error instanceof FlwrError && error.code === "invalid-argument";
const numbersOf = (model: ReadonlyMap<string, Tensor>, name = "w") =>
  [...model.get(name)!.data].map(Number);

/** What a node makes of the model that it is sent, in a round. */
type Training = (sent: Model, nodeId: NodeId, round: number) => Model;

interface RunOptions {
  readonly rounds?: number;
  readonly examples?: (nodeId: NodeId) => number;
  /** Changes a node's reply after its mods. */
  readonly tamper?: (content: RecordDict, nodeId: NodeId) => void;
  /** Nodes without the mods. */
  readonly without?: NodeId;
}

/** Runs a strategy with two nodes whose handlers have the postprocessors' mods. */
async function run(
  postprocessors: readonly Postprocessor[],
  initial: Model,
  train: Training,
  options: RunOptions = {},
) {
  const { rounds = 1, examples = () => 1, tamper, without } = options;
  const replies: RecordDict[] = [];
  const states = new Map<NodeId, RecordDict>([[2n, new RecordDict()], [3n, new RecordDict()]]);
  const answer = async (message: Message) => {
    const nodeId = message.metadata.dstNodeId;
    const round = Number(message.metadata.groupId);
    const metrics = new MetricRecord({ "num-examples": examples(nodeId) });
    if (message.metadata.messageType !== "train") return message.reply({ metrics });
    const context: Context = {
      runId: 7n,
      nodeId,
      nodeConfig: new ConfigRecord(),
      runConfig: new ConfigRecord(),
      state: states.get(nodeId)!,
    };
    const mods = nodeId === without ? [] : clientMods(postprocessors);
    const reply = await applyMods(mods, (message) => {
      const sent: Model = new Map(message.content.arrayRecord("arrays").tensors());
      const arrays = ArrayRecord.fromTensors(train(sent, nodeId, round));
      return Promise.resolve(message.reply({ arrays, metrics }));
    })(message, context);
    if (!reply.hasContent) return reply;
    const content = new RecordDict(reply.content);
    tamper?.(content, nodeId);
    replies.push(content);
    return reply.withContent(content);
  };
  const grid = new Grid(new FakeDriver([2n, 3n], answer), 7n, { clock: new FakeClock() });
  const result = await new ComposedStrategy({ postprocessors }).start(grid, {
    numRounds: rounds,
    initialArrays: ArrayRecord.fromTensors(initial),
  });
  const failures = result.rounds.flatMap(({ train }) => train!.failures);
  return { model: result.arrays.tensors(), replies, states, failures };
}

/** A training that adds numbers to "w". */
const adding = (...numbers: number[]): Training => (sent) =>
  new Map(sent).set("w", floats(...numbersOf(sent).map((x, i) => x + numbers[i]!)));

Deno.test("equal and capped weights", async () => {
  const train: Training = (_, nodeId) => new Map([["w", floats(nodeId === 2n ? 1 : 4)]]);
  const examples = (nodeId: NodeId) => nodeId === 2n ? 1 : 1000;
  const weighed = async (postprocessor: Postprocessor) =>
    numbersOf((await run([postprocessor], new Map([["w", floats(0)]]), train, { examples })).model);
  assert.deepEqual(await weighed(equalWeights()), [2.5]);
  assert.deepEqual(await weighed(cappedWeights(2)), [3]);
  const none = await run([equalWeights()], new Map([["w", floats(0)]]), train, {
    examples: (nodeId) => nodeId === 2n ? 0 : 7,
  });
  assert.deepEqual(numbersOf(none.model), [4]);
  for (const cap of [0, -1, NaN, Infinity]) assert.throws(() => cappedWeights(cap), invalid);
});

Deno.test("clipped updates: on the nodes, and at the server if a node does not clip", async () => {
  const initial: Model = new Map([["w", floats(1, 1)]]);
  for (const without of [undefined, 2n]) {
    const { model, replies } = await run([clippedUpdates(1)], initial, adding(3, 4), { without });
    const norms = replies.map((content) => {
      const [x, y] = numbersOf(content.arrayRecord("arrays").tensors());
      return Math.round(Math.hypot(x! - 1, y! - 1) * 1e6) / 1e6;
    });
    assert.deepEqual(norms.sort(), without === undefined ? [1, 1] : [1, 5]);
    numbersOf(model).forEach((x, i) => assert.ok(Math.abs(x - [1.6, 1.8][i]!) < 1e-6, `${x}`));
  }
  const small = await run([clippedUpdates(10)], initial, adding(3, 4));
  assert.deepEqual(numbersOf(small.model), [4, 5]);
  const counters: Model = new Map([["n", tensor("int64", [1], new BigInt64Array(1))]]);
  const { failures } = await run([clippedUpdates(1)], counters, (sent) => sent).catch(() => ({
    failures: ["all"],
  }));
  assert.ok(failures.length > 0, "counters cannot be scaled");
});

Deno.test("top-k: the largest elements of all arrays together are sent, the rest is late", async () => {
  const initial: Model = new Map([["w", floats(0, 0, 0)], ["b", floats(0)]]);
  const train: Training = (sent, _, round) =>
    new Map([
      ["w", floats(...numbersOf(sent).map((x, i) => x + (round === 1 ? [3, -1, 2][i]! : 0)))],
      ["b", floats(numbersOf(sent, "b")[0]! + (round === 1 ? -4 : 0))],
    ]);
  const { model, replies } = await run([topK({ fraction: 0.5 })], initial, train, { rounds: 2 });
  const sparse = replies.map((content) => content.arrayRecord("arrays").tensors());
  assert.deepEqual(numbersOf(sparse[0]!), [3]);
  assert.deepEqual(numbersOf(sparse[0]!, "w.indices"), [0]);
  assert.deepEqual(numbersOf(sparse[0]!, "b"), [-4]);
  // The second round has no update of its own: what was left of the first is sent.
  assert.deepEqual(numbersOf(sparse[2]!), [-1, 2]);
  assert.deepEqual(numbersOf(sparse[2]!, "b"), []);
  assert.deepEqual(numbersOf(model), [3, -1, 2]);
  assert.deepEqual(numbersOf(model, "b"), [-4]);
  const without = topK({ fraction: 0.5, errorFeedback: false });
  const lost = await run([without], initial, train, { rounds: 2 });
  assert.deepEqual(numbersOf(lost.model), [3, 0, 0]);
  assert.equal(lost.states.get(2n)!.size, 0, "and nothing is kept");
});

Deno.test("top-k: what was sent and what is kept are together all updates, whatever they are", async () => {
  const seed = Math.trunc(Math.random() * 2 ** 32);
  console.log(`seed ${seed}`);
  let state = seed;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
  const size = 50;
  const totals = new Map([[2n, new Float64Array(size)], [3n, new Float64Array(size)]]);
  const train: Training = (sent, nodeId) => {
    const [before, total] = [numbersOf(sent), totals.get(nodeId)!];
    const after = Float32Array.from(before, (x) => x + uniform());
    after.forEach((x, i) => total[i]! += x - before[i]!);
    return new Map([["w", tensor("float32", [size], after)]]);
  };
  const initial: Model = new Map([["w", floats(...Array(size).fill(0))]]);
  const { model, states } = await run([topK({ fraction: 0.1 })], initial, train, { rounds: 12 });
  const rests = [2n, 3n].map((nodeId) =>
    numbersOf(states.get(nodeId)!.arrayRecord("sparse-update-rest").tensors())
  );
  numbersOf(model).forEach((x, i) => {
    const mean = (totals.get(2n)![i]! + totals.get(3n)![i]!) / 2;
    const rest = (rests[0]![i]! + rests[1]![i]!) / 2;
    assert.ok(Math.abs(x + rest - mean) < 1e-5, `${i}: ${x} + ${rest}, ${mean}`);
  });
});

Deno.test("quantised: integers of 8 or 16 bits, within a step, and right on average", async () => {
  const update = [0.1, -0.31, 0.07, 0.29, 0, -0.002];
  const initial: Model = new Map<string, Tensor>([
    ["w", floats(5, 5, 5, 5, 5, 5)],
    ["n", tensor("int64", [1], BigInt64Array.of(7n))],
  ]);
  for (const bits of [8, 16] as const) {
    const step = (0.29 + 0.31) / (2 ** bits - 1);
    const adds = adding(...update);
    const once = await run([quantized({ bits })], initial, adds);
    const encoded = once.replies[0]!.arrayRecord("arrays").tensors();
    assert.equal(encoded.get("w")!.dtype, bits === 8 ? "uint8" : "uint16");
    assert.equal(encoded.get("n")!.dtype, "int64", "counters stay");
    assert.equal(once.model.get("w")!.dtype, "float32");
    numbersOf(once.model).forEach((x, i) => {
      assert.ok(Math.abs(x - 5 - update[i]!) < step + 1e-6, `${x}`);
    });
    const rounds = 300;
    const { model } = await run([quantized({ bits })], initial, adds, { rounds });
    // A rounding has a variance of at most a quarter of a step's square. The model's float32 rounds, too.
    const deviation = 0.5 * step / Math.sqrt(2 * rounds);
    numbersOf(model).forEach((x, i) => {
      const mean = (x - 5) / rounds;
      assert.ok(Math.abs(mean - update[i]!) < 6 * deviation + 1e-5, `${i}: ${mean}`);
    });
  }
});

Deno.test("quantised: constant and empty arrays, and those of extreme range", async () => {
  const initial: Model = new Map([["w", floats(1, 1)], ["e", floats()], ["x", floats(0, 0)]]);
  const train: Training = () =>
    new Map([["w", floats(3, 3)], ["e", floats()], ["x", floats(-3e29, 3e29)]]);
  const { model } = await run([quantized({ bits: 8 })], initial, train);
  assert.deepEqual(numbersOf(model), [3, 3]);
  assert.equal(numbersOf(model, "x").map((x) => (x / 3e29).toFixed(4)).join(), "-1.0000,1.0000");
});

Deno.test("all together: a sparse, quantised, clipped training reaches its goal", async () => {
  const goal = Array.from({ length: 40 }, (_, i) => Math.sin(i));
  const train: Training = (sent, nodeId) => {
    // Two nodes with different optima, whose mean is the goal.
    const side = nodeId === 2n ? 0.1 : -0.1;
    return new Map([[
      "w",
      floats(...numbersOf(sent).map((x, i) => x + 0.1 * (goal[i]! + side - x))),
    ]]);
  };
  const postprocessors = [
    quantized({ bits: 8 }),
    topK({ fraction: 0.2 }),
    clippedUpdates(2),
    equalWeights(),
  ];
  const initial: Model = new Map([["w", floats(...goal.map(() => 0))]]);
  const { model, replies, failures } = await run(postprocessors, initial, train, { rounds: 150 });
  assert.deepEqual(failures, []);
  numbersOf(model).forEach((x, i) => assert.ok(Math.abs(x - goal[i]!) < 0.05, `${i}: ${x}`));
  const arrays = replies[0]!.arrayRecord("arrays").tensors();
  assert.equal(arrays.get("w")!.dtype, "uint8");
  assert.equal(arrays.get("w")!.data.length, 8);
});

/** Replaces an array of a reply. */
const put = (name: string, array: Tensor) => (content: RecordDict) => {
  const arrays = new Map(content.arrayRecord("arrays").tensors()).set(name, array);
  content.set("arrays", ArrayRecord.fromTensors(arrays));
};
const indices = (...numbers: number[]) =>
  tensor("uint32", [numbers.length], Uint32Array.from(numbers));
const set = (record: string, key: string, value: number | number[]) => (content: RecordDict) => {
  content.set(record, new ConfigRecord(content.configRecord(record)).set(key, value));
};

const MALFORMED: {
  readonly [name: string]: readonly [Postprocessor, (content: RecordDict) => void];
} = {
  "a model that is not sparse": [topK({ fraction: 0.5 }), (c) => void c.delete("sparse-update")],
  "a position beyond the end": [topK({ fraction: 0.5 }), put("w.indices", indices(0, 4))],
  "positions that fall": [topK({ fraction: 0.5 }), put("w.indices", indices(1, 0))],
  "a position twice": [topK({ fraction: 0.5 }), put("w.indices", indices(1, 1))],
  "too few positions": [topK({ fraction: 0.5 }), put("w.indices", indices(1))],
  "positions of another type": [topK({ fraction: 0.5 }), put("w.indices", floats(0, 1))],
  "an array too many": [topK({ fraction: 0.5 }), put("v", floats(0, 1))],
  "values that are not finite": [topK({ fraction: 0.5 }), put("w", floats(NaN, 1))],
  "a model that is not quantised": [
    quantized({ bits: 8 }),
    (c) => void c.delete("quantized-update"),
  ],
  "other bits": [quantized({ bits: 8 }), set("quantized-update", "bits", 16)],
  "a grid too few": [quantized({ bits: 8 }), set("quantized-update", "lows", [])],
  "a grid too many": [quantized({ bits: 8 }), set("quantized-update", "steps", [0.5, 0.5])],
  "a grid that is not finite": [quantized({ bits: 8 }), set("quantized-update", "lows", [NaN])],
  "a grid without bound": [quantized({ bits: 8 }), set("quantized-update", "steps", [1e308])],
  "a negative step": [quantized({ bits: 8 }), set("quantized-update", "steps", [-0.5])],
  "numbers in place of codes": [quantized({ bits: 8 }), put("w", floats(1, 2, 3, 4))],
  "codes of another shape": [
    quantized({ bits: 8 }),
    put("w", tensor("uint8", [3], new Uint8Array(3))),
  ],
};

for (const [name, [postprocessor, change]] of Object.entries(MALFORMED)) {
  Deno.test(`a malformed reply is a failure of its node alone: ${name}`, async () => {
    const initial: Model = new Map([["w", floats(0, 0, 0, 0)]]);
    const { failures, model } = await run([postprocessor], initial, adding(1, 2, 3, 4), {
      tamper: (content, nodeId) => nodeId === 3n && change(content),
    });
    assert.deepEqual(failures.map(({ nodeId }) => nodeId), [3n]);
    assert.ok(failures[0]!.reason.startsWith("Reply rejected"), failures[0]!.reason);
    assert.ok(Math.abs(numbersOf(model)[3]! - 4) < 0.02, "the other node's");
  });
}

Deno.test("a node without the mod is told which one it needs", async () => {
  for (const postprocessor of [topK({ fraction: 0.5 }), quantized({ bits: 16 })]) {
    const initial: Model = new Map([["w", floats(0, 0)]]);
    const { failures } = await run([postprocessor], initial, adding(1, 2), { without: 3n });
    assert.match(failures[0]!.reason, /clientMod/);
  }
});

Deno.test("a node's model that cannot be encoded does not leave it", async () => {
  for (const postprocessor of [topK({ fraction: 0.5 }), quantized({ bits: 8 })]) {
    const initial: Model = new Map([["w", floats(0, 0)]]);
    for (const broken of [floats(NaN, 0), floats(1), floats(Infinity, 1)]) {
      const train: Training = (sent, nodeId) => nodeId === 3n ? new Map([["w", broken]]) : sent;
      const { failures, replies } = await run([postprocessor], initial, train);
      assert.deepEqual(failures.map(({ nodeId, code }) => [nodeId, code]), [[3n, 6]]);
      assert.equal(replies.length, 1);
    }
  }
});

Deno.test("local noise: the update is clipped and noisy, and what follows keeps it so", async () => {
  const size = 4000;
  const initial: Model = new Map([["w", floats(...Array(size).fill(0))]]);
  const noise = localNoise({ clippingNorm: 1, epsilon: 8, delta: 1e-5 });
  for (const postprocessors of [[noise], [quantized({ bits: 16 }), topK({ fraction: 1 }), noise]]) {
    const { model } = await run(postprocessors, initial, (sent) => sent);
    const variance = numbersOf(model).reduce((sum, x) => sum + x * x, 0) / size;
    // The analytic Gaussian mechanism for ε 8 and δ 10⁻⁵ has a multiplier of 0.6, for twice the clipping norm.
    assert.ok(variance * 2 > 0.8 && variance * 2 < 2, `${variance}`);
  }
});

Deno.test("combinations that break a bound, or that cannot be undone, are refused", () => {
  const [q, k, noise, clip] = [
    quantized({ bits: 8 }),
    topK({ fraction: 0.1 }),
    localNoise({ clippingNorm: 1, epsilon: 1, delta: 1e-5 }),
    clippedUpdates(1),
  ];
  const refused: Postprocessor[][] = [
    // The chosen positions would tell about the update: noise does not hide them.
    [noise, k],
    [noise, q],
    // Clipping after the noise would be made of the noisy update.
    [clip, noise],
    [k, q],
    [clip, k],
    [noise, noise],
    [clip, clip],
    [q, equalWeights(), q],
    [noise, equalWeights(), k],
  ];
  for (const postprocessors of refused) {
    const kinds = postprocessors.map(({ kind }) => kind);
    assert.throws(() => new ComposedStrategy({ postprocessors }), invalid, `${kinds}`);
    assert.throws(() => new FedAvg({}, { postprocessors }), invalid, `${kinds}`);
  }
  new ComposedStrategy({ postprocessors: [q, k, noise, clip, equalWeights()] });
  new ComposedStrategy({ postprocessors: [equalWeights(), q, clip] });
  // A central wrapper computes the mean itself, from replies that it could not decode.
  for (const postprocessor of [q, k, noise, clip, equalWeights()]) {
    const inner = new FedAvg({}, { postprocessors: [postprocessor] });
    const options = { noiseMultiplier: 1, clippingNorm: 1, numSampledClients: 2 };
    assert.throws(
      () => new DifferentialPrivacyServerSideFixedClipping(inner, options),
      invalid,
    );
  }
  for (const fraction of [0, -0.1, 1.1, NaN]) assert.throws(() => topK({ fraction }), invalid);
  assert.throws(() => quantized({ bits: 4 as 8 }), invalid);
  for (const norm of [0, -1, NaN]) assert.throws(() => clippedUpdates(norm), invalid);
  assert.throws(() => localNoise({ clippingNorm: 1, epsilon: 0, delta: 1e-5 }), invalid);
});
