/** Nodes that do not keep to the protocol of central privacy. Each test fails if its defence is removed. */
import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import { Message } from "../message.ts";
import { RecordDict } from "../record_dict.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { instruction } from "../testing.ts";
import {
  aggregate,
  elementsOf,
  modelOf,
  type NodeAnswer,
  replyOf,
  roundOf,
} from "./testing/rounds.ts";
import {
  DifferentialPrivacyClientSideAdaptiveClipping,
  DifferentialPrivacyClientSideFixedClipping,
} from "./wrappers.ts";

const OPTIONS = { noiseMultiplier: 0, numSampledClients: 2 };
const clientSide = (unclippedUpdates?: "clip" | "refuse", inner = new FedAvg()) =>
  new DifferentialPrivacyClientSideFixedClipping(inner, {
    ...OPTIONS,
    clippingNorm: 1,
    unclippedUpdates,
  });
const adaptive = () =>
  new DifferentialPrivacyClientSideAdaptiveClipping(new FedAvg(), {
    ...OPTIONS,
    initialClippingNorm: 1,
  });
const sent = modelOf([0, 0]);
const good: NodeAnswer = { nodeId: 2n, model: modelOf([0, 0.5]), metrics: { norm_bit: 0 } };
const unclipped: NodeAnswer = { nodeId: 3n, model: modelOf([1000, 0]), metrics: { norm_bit: 1 } };

for (const [name, strategy] of [["fixed", clientSide()], ["adaptive", adaptive()]] as const) {
  Deno.test(`${name}: an update that the node did not clip is clipped at the server`, async () => {
    assert.deepEqual(elementsOf(await aggregate(strategy, sent, [good, unclipped])), [0.5, 0.25]);
  });
}

Deno.test("an update that the node did not clip is refused, where that is asked for", async () => {
  const outcome = await aggregate(clientSide("refuse"), sent, [good, unclipped]);
  assert.deepEqual(elementsOf(outcome), [0, 0.25]);
  assert.deepEqual(outcome.results, [2n]);
  const [failure] = outcome.failures;
  assert.equal(failure!.nodeId, 3n);
  assert.equal(failure!.code, undefined, "it is no error that the node reported");
});

Deno.test("a refused update is a failure for a strategy that accepts none", async () => {
  const strict = clientSide("refuse", new FedAvg({ acceptFailures: false }));
  assert.equal((await aggregate(strict, sent, [good, unclipped])).aggregated, false);
});

Deno.test("an update that was clipped in the model's type is not refused for its rounding", async () => {
  for (const dtype of ["float16", "float32", "float64"] as const) {
    const size = 625;
    const start = tensor(
      "float64",
      [size],
      Float64Array.from({ length: size }, (_, i) => 64 + i % 32),
    );
    const typed = (values: Float64Array) => {
      const Typed = { float16: Float16Array, float32: Float32Array, float64: Float64Array }[dtype];
      return new Map([["w", tensor(dtype, [size], Typed.from(values) as never)]]);
    };
    const from = typed(start.data);
    const clipped = typed(
      Float64Array.from(
        from.get("w")!.data as Float64Array,
        (x) => Number(x) + 1 / Math.sqrt(size),
      ),
    );
    const outcome = await aggregate(clientSide("refuse"), from, [{ nodeId: 2n, model: clipped }]);
    assert.deepEqual(outcome.failures, [], dtype);
  }
});

for (const odd of [NaN, Infinity, 1e308]) {
  Deno.test(`an update of ${odd} does not reach the model beyond the bound`, async () => {
    const bad: NodeAnswer = { ...unclipped, model: modelOf([odd, odd]) };
    for (const strategy of [clientSide(), clientSide("refuse"), adaptive()]) {
      const [x, y] = elementsOf(await aggregate(strategy, sent, [good, bad]));
      assert.ok(Math.hypot(x!, y! - 0.25) <= 0.5 + 1e-12, `${x}, ${y}`);
    }
  });
}

for (const bit of [2, -1, 0.5, 1e9, [1], undefined]) {
  Deno.test(`a norm_bit of ${bit} is refused: it would move the clipping norm`, async () => {
    const strategy = adaptive();
    const metrics = bit === undefined ? undefined : { norm_bit: bit };
    const outcome = await aggregate(strategy, sent, [good, { ...unclipped, metrics }]);
    assert.deepEqual(outcome.results, [2n]);
    // As with the good node alone: one of two, not clipped, counts ½ more than half.
    assert.equal(strategy.clippingNorm, Math.exp(-0.2 * 0.25));
    assert.equal(outcome.metrics?.has("norm_bit"), false, "the count without noise is not shown");
  });
}

Deno.test("a node that claims many examples moves the model no more than others", async () => {
  const metrics = { "num-examples": 1e9 };
  const outcome = await aggregate(clientSide(), sent, [good, { ...unclipped, metrics }]);
  assert.deepEqual(elementsOf(outcome), [0.5, 0.25]);
});

Deno.test("a strategy that asks a node twice is refused: it could contribute twice", async () => {
  class Twice extends FedAvg {
    override configureTrain() {
      const message = Message.create({
        content: new RecordDict(),
        dstNodeId: 2n,
        messageType: "train",
      });
      return Promise.resolve({ messages: [message, message], available: 1 });
    }
  }
  await assert.rejects(clientSide(undefined, new Twice()).configureTrain(roundOf(sent)), {
    code: "failed-precondition",
  });
});

Deno.test("two replies of one node count once", async () => {
  const twice = await aggregate(clientSide(), sent, [unclipped, unclipped]);
  assert.deepEqual(elementsOf(twice), [0.5, 0]);
});

Deno.test("an error among the replies does not change what the others count", async () => {
  const round = roundOf(sent);
  const error = instruction({ dstNodeId: 9n }).replyError(2, "no data");
  const outcome = await clientSide().aggregateTrain(round, [replyOf(good), error]);
  assert.deepEqual(elementsOf(outcome), [0, 0.25]);
  assert.deepEqual(outcome.failures, [{ nodeId: 9n, code: 2, reason: "no data" }]);
});
