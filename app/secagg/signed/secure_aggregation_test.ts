import assert from "node:assert/strict";
import { ConfigRecord } from "../../config_record.ts";
import { RecordDict } from "../../record_dict.ts";
import { FedAvg } from "../../strategy/fedavg.ts";
import { FedAvgM } from "../../strategy/fedavgm.ts";
import { FedBuff } from "../../strategy/fedbuff.ts";
import { FedAdam } from "../../strategy/fedopt.ts";
import { Krum } from "../../strategy/krum.ts";
import { FedMedian } from "../../strategy/order_statistics.ts";
import { assertMean } from "../testing/secure_run.ts";
import type { Round } from "../../strategy/strategy.ts";
import { HISTORY_RECORD, PROTOCOL_RECORD, STATE_RECORD, VECTOR, VECTOR_RECORD } from "./records.ts";
import { SecureAggregation } from "./secure_aggregation.ts";
import { federationOf, secure, stageOf, training } from "./testing/signed_run.ts";

Deno.test("secure aggregation: the mean of all models and metrics, in both rings, over several rounds", async () => {
  for (
    const [nodes, options] of [
      [3, {}],
      [5, { ringBits: 64 as const, metrics: { loss: 10 } }],
      [4, { threshold: 1, clippingRange: 20, metrics: { loss: 1 } }],
    ] as const
  ) {
    const federation = await federationOf({ nodes });
    const result = await federation.run(secure(options), 2);
    assertMean(federation, result, federation.ids);
    for (const { train } of result.rounds) {
      assert.deepEqual(train!.results, federation.ids);
      assert.deepEqual(train!.failures, []);
      const loss = train!.metrics?.get("loss");
      if ("metrics" in options) assert.ok(Math.abs(Number(loss) - 0.5) < 1e-4, `loss ${loss}`);
      else assert.equal(loss, undefined);
    }
    for (const { state } of federation.contexts.values()) {
      assert.ok(!state.has(STATE_RECORD));
      assert.deepEqual(state.configRecord(HISTORY_RECORD).numbers("rounds"), [2]);
    }
  }
});

Deno.test("secure aggregation: with 64 bits the mean is as exact as float32", async () => {
  const federation = await federationOf({ nodes: 3 });
  const result = await federation.run(secure({ ringBits: 64 }));
  assertMean(federation, result, federation.ids, 3e-7);
});

Deno.test("secure aggregation: a node's replies have no model, metric or number of examples, only masked numbers", async () => {
  const seen: string[] = [];
  const federation = await federationOf({
    nodes: 3,
    tamper: (instruction, reply) => {
      const records = [...reply.content.keys()];
      if (stageOf(instruction) !== "collect") assert.deepEqual(records, [PROTOCOL_RECORD]);
      else {
        assert.deepEqual(records, [VECTOR_RECORD]);
        const vector = reply.content.arrayRecord(VECTOR_RECORD).tensors().get(VECTOR)!;
        assert.equal(vector.dtype, "uint32");
        // The number of examples, 4 + 3 elements, the loss.
        assert.deepEqual(vector.shape, [9]);
        seen.push(...Array.from(vector.data, String));
      }
      return undefined;
    },
  });
  await federation.run(secure({ metrics: { loss: 1 } }), 2);
  assert.equal(seen.length, 2 * 3 * 9);
  // Two equal ones among 54 random words have a probability of 3 · 10⁻⁷.
  assert.equal(new Set(seen).size, seen.length);
});

Deno.test("secure aggregation: if no node counts, the round has no new model", async () => {
  const federation = await federationOf({ nodes: 3, numExamples: () => 0 });
  await assert.rejects(federation.run(secure()), { code: "failed-precondition" });
  assert.match(federation.notes.join("\n"), /this round has no new model/);
});

Deno.test("secure aggregation: other rules on the mean work, others are refused", async () => {
  for (const inner of [new FedAvgM({ ...training, serverMomentum: 0.5 }), new FedAdam(training)]) {
    const federation = await federationOf({ nodes: 3 });
    const strategy = new SecureAggregation(inner, { maxWeight: 100 });
    const { rounds } = await federation.run(strategy, 2);
    assert.deepEqual(rounds[1]!.train!.results, federation.ids);
  }
  for (const inner of [new FedMedian(training), new Krum(training), new FedBuff()]) {
    assert.throws(() => new SecureAggregation(inner), { code: "invalid-argument" });
  }
});

Deno.test("secure aggregation: a strategy whose instructions differ between nodes is refused before the round", async () => {
  class Each extends FedAvg {
    override async configureTrain(round: Round) {
      const plan = await super.configureTrain(round);
      const messages = plan.messages.map((message) => {
        const own = new ConfigRecord({ lr: Number(message.metadata.dstNodeId) });
        return message.withContent(new RecordDict([...message.content, ["own", own]]));
      });
      return { ...plan, messages };
    }
  }
  const federation = await federationOf({ nodes: 3 });
  await assert.rejects(federation.run(new SecureAggregation(new Each(training))), {
    code: "invalid-argument",
    message: /other instructions for node 102 than for node 101/,
  });
  assert.equal(federation.driver.pushed.length, 0);
});
