import assert from "node:assert/strict";
import {
  type GoldenExchange,
  goldenFractions,
  goldenRandomness,
  keyOrderOf,
  tensorsOf,
  WHOLE,
} from "../../secagg/testing/golden.ts";
import type { RandomFractions } from "../../secagg/quantize.ts";
import { ArrayRecord } from "../array_record.ts";
import { ClientApp } from "../client_app.ts";
import { ConfigRecord } from "../config_record.ts";
import { translateAtNode } from "../legacy/messages.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { type AnyRecord, RecordDict } from "../record_dict.ts";
import { instruction, plain } from "../testing.ts";
import { float } from "../float.ts";
import { CONFIGS, STATE } from "./records.ts";
import { secAggPlusMod, secAggPlusModWith } from "./secaggplus_mod.ts";
import { contextOf } from "./testing/federation.ts";
import { contentOf } from "./testing/golden_content.ts";

/** An app as a user writes it: names of today, arrays under names of its own. */
function appOf(exchange: GoldenExchange, fractions: RandomFractions) {
  return (node: string) => {
    const { num_examples: numExamples, arrays } = exchange.models[node]!;
    const [weight, bias] = tensorsOf(arrays);
    return new ClientApp().train(() => ({
      arrays: ArrayRecord.fromTensors({ weight: weight!, bias: bias! }),
      metrics: new MetricRecord({ "num-examples": numExamples, loss: 0.5 }),
    }), { mods: [secAggPlusModWith({}, goldenRandomness(exchange, node, fractions))] });
  };
}

for (const exchange of WHOLE) {
  Deno.test(`secagg+ mod: answers Flower's workflow as Flower's mod does: ${exchange.name}`, async () => {
    const nodes = Object.keys(exchange.models).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    const makeApp = appOf(exchange, goldenFractions());
    for (const node of nodes) {
      const app = makeApp(node);
      const context = contextOf(BigInt(node));
      for (const message of exchange.messages.filter((message) => message.node === node)) {
        if (typeof message.reply === "string") continue;
        const order = message.stage === "share_keys"
          ? [...keyOrderOf(exchange, node), "stage"]
          : undefined;
        const metadata = { dstNodeId: BigInt(node), groupId: message.group_id };
        const asked = instruction(metadata, contentOf(message.instruction, order));
        const { instruction: translated, reply } = translateAtNode(asked);
        const answer = reply(await app.handle(translated, context));
        assert.equal(answer.error, undefined);
        const expected = contentOf(message.reply);
        assert.deepEqual(
          plainOf(answer.content.configRecord(CONFIGS)),
          plainOf(expected.configRecord(CONFIGS)),
          `${message.stage} of ${node}`,
        );
        if (message.stage !== "collect_masked_vectors") continue;
        const { content } = answer;
        const examples = (of: RecordDict) => of.metricRecord("fitres.num_examples").toObject();
        assert.deepEqual(examples(content), examples(expected));
        const metrics = (of: RecordDict) => of.configRecord("fitres.metrics").toObject();
        assert.deepEqual(metrics(content), metrics(expected));
        assert.equal(content.configRecord("fitres.status").get("code"), 0);
        // No model except the masked one. Flower reads "_empty" as no arrays.
        assert.deepEqual([...content.arrayRecord("fitres.parameters").keys()], ["_empty"]);
        assert.equal(content.arrayRecords.size, 1);
      }
      const kept = context.state.has(STATE);
      assert.equal(kept, node in exchange.drops, "nothing is kept after the round");
    }
  });
}

function plainOf(record: ConfigRecord) {
  return plain(new RecordDict([["configs", record]]));
}

const model = { w: { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) } } as const;

function trainer(numExamples = 5): ClientApp {
  return new ClientApp({ mods: [secAggPlusMod()] })
    .train(() => ({
      arrays: ArrayRecord.fromTensors(model),
      metrics: new MetricRecord({ "num-examples": numExamples }),
    }))
    .evaluate(() => ({ metrics: new MetricRecord({ loss: 1 }) }));
}

const SETUP = {
  ...{ stage: "setup", sample_num: 3, share_num: 3, threshold: 2, clipping_range: float(8) },
  ...{ target_range: 2 ** 22, mod_range: 2 ** 32, max_weight: float(10) },
};

/** Three nodes of ours in a round that a test leads, perhaps badly. */
class Round {
  readonly ids = [5n, 6n, 7n];
  readonly contexts = this.ids.map(contextOf);
  readonly apps: ClientApp[];

  constructor(numExamples = 5) {
    this.apps = this.ids.map(() => trainer(numExamples));
  }

  async ask(index: number, configs: ConfigRecord, rest: RecordDict = new RecordDict()) {
    const content = new RecordDict([...rest, [CONFIGS, configs]]);
    const message = instruction({ dstNodeId: this.ids[index]! }, content);
    return await this.apps[index]!.handle(message, this.contexts[index]!);
  }

  async setUp(settings: ConfigRecord = new ConfigRecord(SETUP)): Promise<Message[]> {
    return await Promise.all(this.ids.map((_, i) => this.ask(i, settings)));
  }

  keysOf(replies: readonly Message[]): ConfigRecord {
    const keys = new ConfigRecord();
    replies.forEach(({ content }, i) => {
      const record = content.configRecord(CONFIGS);
      keys.set(String(this.ids[i]), [record.bytes("pk1"), record.bytes("pk2")]);
    });
    return keys.set("stage", "share_keys");
  }

  /** The shares sent to a node, as the server forwards them. */
  delivery(index: number, replies: readonly Message[]): ConfigRecord {
    const receiver = this.ids[index]!;
    const parts = replies.flatMap(({ content }, i) => {
      const record = content.configRecord(CONFIGS);
      const at = (record.get("dsts") as number[]).indexOf(Number(receiver));
      return at < 0 ? [] : [{
        source: this.ids[i]!,
        ciphertext: (record.get("ctxts") as Uint8Array[])[at]!,
      }];
    });
    return new ConfigRecord({ stage: "collect_masked_vectors" })
      .set("srcs", parts.map(({ source }) => source))
      .set("ctxts", parts.map(({ ciphertext }) => ciphertext));
  }

  async collect(): Promise<Message[]> {
    const keys = this.keysOf(await this.setUp());
    const shared = await Promise.all(this.ids.map((_, i) => this.ask(i, keys)));
    const arrays = new RecordDict({ arrays: ArrayRecord.fromTensors(model) });
    return await Promise.all(
      this.ids.map((_, i) => this.ask(i, this.delivery(i, shared), arrays)),
    );
  }
}

function unmaskConfigs(active: bigint[], dead: bigint[]): ConfigRecord {
  return new ConfigRecord({ stage: "unmask", active_nids: active, dead_nids: dead });
}

const refusalOf = (reply: Message) => reply.error?.reason ?? "answered";

Deno.test("secagg+ mod: a server that lists a node as active and as dead gets no share", async () => {
  for (
    const [active, dead] of [
      [[5n, 6n, 7n], [7n]], // both shares of 7
      [[5n, 6n, 6n], []],
      [[5n, 6n], [7n, 7n]],
      [[6n, 7n], []], // without the node itself
      [[5n], [6n, 7n]], // fewer active nodes than the threshold
      [[5n, 6n, 8n], [7n]], // a stranger
      [[5n, 6n], [7n, 8n]],
    ] as [bigint[], bigint[]][]
  ) {
    const round = new Round();
    assert.ok((await round.collect()).every(({ error }) => error === undefined));
    const answer = await round.ask(0, unmaskConfigs(active, dead));
    assert.equal(answer.error?.code, 2, `${active} and ${dead}: ${refusalOf(answer)}`);
    assert.ok(!round.contexts[0]!.state.has(STATE), "the shares are forgotten");
  }
});

Deno.test("secagg+ mod: a server that asks twice, with other lists, gets no second answer", async () => {
  const round = new Round();
  await round.collect();
  assert.equal((await round.ask(0, unmaskConfigs([5n, 6n, 7n], []))).error, undefined);
  const again = await round.ask(0, unmaskConfigs([5n, 6n], [7n]));
  assert.equal(again.error?.code, 2);
});

Deno.test("secagg+ mod: shares of another round, of another sender or for another node are refused", async () => {
  const earlier = new Round();
  const earlierKeys = earlier.keysOf(await earlier.setUp());
  const replayed = await Promise.all(earlier.ids.map((_, i) => earlier.ask(i, earlierKeys)));

  for (const attack of ["none", "replayed", "swapped", "doubled", "missing"] as const) {
    const round = new Round();
    const keys = round.keysOf(await round.setUp());
    const shared = await Promise.all(round.ids.map((_, i) => round.ask(i, keys)));
    const delivery = round.delivery(0, attack === "replayed" ? replayed : shared);
    const [a, b] = delivery.get("ctxts") as [Uint8Array, Uint8Array];
    if (attack === "swapped") delivery.set("ctxts", [b, a]);
    if (attack === "doubled") delivery.set("ctxts", [a, a]).set("srcs", [6n, 6n]);
    if (attack === "missing") delivery.set("ctxts", []).set("srcs", []);
    const arrays = new RecordDict({ arrays: ArrayRecord.fromTensors(model) });
    const answer = await round.ask(0, delivery, arrays);
    assert.equal(answer.error?.code, attack === "none" ? undefined : 2, attack);
  }
});

Deno.test("secagg+ mod: keys that are not this node's, too few or twice are refused", async () => {
  for (const attack of ["none", "foreign", "few", "twice", "many", "malformed"] as const) {
    const round = new Round();
    const keys = round.keysOf(await round.setUp());
    if (attack === "foreign") keys.set("5", round.keysOf(await new Round().setUp()).get("5")!);
    if (attack === "few") [6, 7].forEach((id) => keys.delete(String(id)));
    if (attack === "twice") keys.set("6", keys.get("7")!);
    if (attack === "many") keys.set("9", round.keysOf(await new Round().setUp()).get("5")!);
    if (attack === "malformed") keys.set("6", ["a", "b"]);
    const answer = await round.ask(0, keys);
    assert.equal(answer.error?.code, attack === "none" ? undefined : 2, attack);
  }
});

Deno.test("secagg+ mod: settings that give no right or no secret sum are refused", async () => {
  for (
    const [key, value] of [
      ["threshold", 1],
      ["threshold", 4],
      ["share_num", 4], // threshold 2 is half of it
      ["sample_num", 1],
      ["sample_num", 1024], // 1024 · 2²² = 2³²
      ["mod_range", 2 ** 33],
      ["mod_range", 2 ** 31 + 1],
      ["target_range", 0],
      ["clipping_range", float(0)],
      ["clipping_range", float(NaN)],
      ["max_weight", float(0)],
      ["threshold", "2"],
    ] as const
  ) {
    const [answer] = await new Round().setUp(new ConfigRecord(SETUP).set(key, value));
    assert.equal(answer!.error?.code, 2, `${key} ${value}`);
  }
});

Deno.test("secagg+ mod: more examples than max_weight are refused, not overflowed", async () => {
  for (const [numExamples, code] of [[10, undefined], [11, 2], [-1, 2], [NaN, 2]] as const) {
    const [answer] = await new Round(numExamples).collect();
    assert.equal(answer!.error?.code, code, `${numExamples} examples: ${refusalOf(answer!)}`);
    if (code === undefined) assert.equal(answer!.content.arrayRecord("arrays").size, 0);
  }
});

Deno.test("secagg+ mod: stages come in order, and an instruction outside of SecAgg+ is refused", async () => {
  const round = new Round();
  const keys = round.keysOf(await round.setUp());
  assert.equal((await round.ask(0, unmaskConfigs([5n, 6n], []))).error?.code, 2);
  assert.equal((await round.ask(0, keys)).error?.code, 2, "the round is over for the node");
  await round.setUp();
  const arrays = new RecordDict({ arrays: ArrayRecord.fromTensors(model) });
  for (const messageType of ["train", "train.more"]) {
    const plainly = instruction({ messageType, dstNodeId: 5n }, arrays);
    const app = trainer().train("more", () => ({ arrays: ArrayRecord.fromTensors(model) }));
    assert.equal((await app.handle(plainly, round.contexts[0]!)).error?.code, 2, messageType);
  }
  const evaluate = instruction({ messageType: "evaluate" });
  const answer = await trainer().handle(evaluate, round.contexts[0]!);
  assert.equal(answer.content.metricRecord("metrics").get("loss"), 1);
});

Deno.test("secagg+ mod: a model of other names or shapes, or a second one, is refused", async () => {
  const arrays = (tensors: Parameters<typeof ArrayRecord.fromTensors>[0]) =>
    ArrayRecord.fromTensors(tensors);
  const metrics = new MetricRecord({ "num-examples": 5 });
  const other = { dtype: "float32", shape: [3], data: new Float32Array(3) } as const;
  const odd = { dtype: "float32", shape: [2], data: Float32Array.of(1, NaN) } as const;
  for (
    const reply of [
      { metrics },
      { arrays: arrays({ w: other }), metrics },
      { arrays: arrays({ w: odd }), metrics },
      { arrays: arrays({ ...model, more: other }), metrics },
      { arrays: arrays({ v: model.w, more: other }), metrics },
      { arrays: arrays(model), second: arrays(model), metrics },
      { arrays: arrays(model), metrics: new MetricRecord({ loss: 1 }) },
    ] as { [name: string]: AnyRecord }[]
  ) {
    const round = new Round();
    round.apps[0] = new ClientApp({ mods: [secAggPlusMod()] }).train(() => new RecordDict(reply));
    const [answer, second] = await round.collect();
    assert.equal(answer!.error?.code, 2);
    assert.equal(second!.error, undefined);
  }
});

Deno.test("secagg+ mod: minThreshold is a part", () => {
  for (const minThreshold of [-0.1, 1.1, NaN]) {
    assert.throws(() => secAggPlusMod({ minThreshold }), { code: "invalid-argument" });
  }
});
