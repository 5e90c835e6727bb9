import assert from "node:assert/strict";
import golden from "../../../tests/vectors/flwr-1.42/strategies.json" with { type: "json" };
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { roundOf, trained } from "../testing.ts";
import type { FedXgb } from "./fedxgb.ts";
import { xgbArrays, xgbBytes } from "./fedxgb.ts";
import { FedXgbBagging } from "./fedxgb_bagging.ts";
import { FedXgbCyclic, Turns } from "./fedxgb_cyclic.ts";

interface Recorded {
  readonly rounds: readonly {
    readonly sent: string;
    readonly replies: readonly string[];
    readonly aggregated: string;
    readonly metrics: { readonly auc: { readonly float: number } };
  }[];
}
const { xgboost: _, ...recordings } = golden.xgb_bagging;
const BAGGING: Readonly<Record<string, Recorded>> = recordings;

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (arrays: ArrayRecord) => new TextDecoder().decode(xgbBytes(arrays));
/** All numbers of a text, as they are spelled. */
const numbers = (text: string) => text.match(/-?\d[\d.]*(?:[eE][+-]?\d+)?/g)!;

Deno.test("FedXgbBagging joins trees as Flower does, over two rounds", async (t) => {
  for (const [name, { rounds }] of Object.entries(BAGGING)) {
    await t.step(name, () => {
      const strategy = new FedXgbBagging();
      let arrays = xgbArrays();
      rounds.forEach(({ replies, aggregated }, i) => {
        const round = roundOf(arrays, i + 1);
        const outcome = strategy.aggregateTrain(
          round,
          replies.map((text, node) => trained(node + 2, xgbArrays(bytes(text)))),
        );
        assert.deepEqual(outcome.failures, []);
        arrays = outcome.arrays!;
        assert.deepEqual(JSON.parse(textOf(arrays)), JSON.parse(aggregated));
      });
    });
  }
});

Deno.test("FedXgbBagging keeps the spelling of all numbers: XGBoost tells 1E0 from 1", () => {
  const { replies } = BAGGING["one tree each"]!.rounds[0]!;
  const { arrays } = new FedXgbBagging().aggregateTrain(
    roundOf(xgbArrays()),
    replies.map((text, i) => trained(i + 2, xgbArrays(bytes(text)))),
  );
  const spelled = new Set(replies.flatMap(numbers));
  const odd = numbers(textOf(arrays!)).filter((number) => !spelled.has(number));
  // Only counts of trees are new: 2 and 3.
  assert.ok(odd.every((number) => /^[23]$/.test(number)), `${odd}`);
  assert.ok(spelled.has("1.0071943E0"));
});

const GOOD = BAGGING["one tree each"]!.rounds[0]!.replies;

/** Replies that are no model, or a harmful one. */
const HOSTILE: Readonly<Record<string, [change: (good: string) => string, reason: RegExp]>> = {
  "no JSON": [() => "{L\x00\x01", /JSON is malformed/],
  "cut off": [(good) => good.slice(0, -10), /ends too early/],
  "nested deeply": [() => "[".repeat(1e5), /nested more than/],
  "empty": [() => "", /is empty/],
  "no trees": [(good) => good.replace('"trees":', '"bees":'), /lacks "trees"/],
  "another booster": [(good) => good.replace('"name":"gbtree"', '"name":"dart"'), /"dart"/],
  "another objective": [
    (good) => good.replace("binary:logistic", "reg:squarederror"),
    /objective "reg:squarederror"/,
  ],
  "other features": [
    (good) => good.replaceAll('"num_feature":"2"', '"num_feature":"3"'),
    /num_feature "3"/,
  ],
  "several classes": [(good) => good.replace('"num_class":"0"', '"num_class":"3"'), /3 classes/],
  "a wrong number of trees": [
    (good) => good.replace('"num_trees":"1"', '"num_trees":"2"'),
    /contradicts itself/,
  ],
  "no parallel trees": [
    (good) => good.replace('"num_parallel_tree":"1"', '"num_parallel_tree":"0"'),
    /contradicts itself/,
  ],
  "many parallel trees": [
    (good) => good.replace('"num_parallel_tree":"1"', '"num_parallel_tree":"999999999"'),
    /contradicts itself/,
  ],
  "a child outside the tree": [
    (good) => good.replace('"left_children":[1,', '"left_children":[99,'),
    /child 99 of/,
  ],
  "a loop": [
    (good) => good.replace('"left_children":[1,', '"left_children":[2,'),
    /twice|has child/,
  ],
  "the root as a child": [
    (good) => good.replace('"left_children":[1,', '"left_children":[0,'),
    /child 0 of/,
  ],
  "a feature that is not there": [
    (good) => good.replace('"split_indices":[0,', '"split_indices":[7,'),
    /feature 7 of 2/,
  ],
  "a leaf beyond float32": [
    (good) => good.replace(/("split_conditions":\[[^,]+),[^,\]]+/, "$1,1e39"),
    /has the value 1e\+?39/,
  ],
  "a huge leaf": [
    (good) => good.replace(/("split_conditions":\[[^,]+),[^,\]]+/, "$1,-1e31"),
    /leaves have norm 1e\+31/,
  ],
  "arrays of different lengths": [
    (good) => good.replace('"right_children":[', '"right_children":[-1,'),
    /right_children/,
  ],
  "a name twice": [(good) => good.replace('"learner":', '"learner":{},"learner":'), /repeats/],
};

Deno.test("a hostile model is a failure of its node, and the others' trees are joined", async (t) => {
  const honest = () => GOOD.map((text, i) => trained(i + 10, xgbArrays(bytes(text))));
  const expected = textOf(
    new FedXgbBagging().aggregateTrain(roundOf(xgbArrays()), honest()).arrays!,
  );
  for (const [name, [change, reason]] of Object.entries(HOSTILE)) {
    await t.step(name, () => {
      const text = change(GOOD[0]!);
      assert.notEqual(text, GOOD[0]);
      const poison = trained(20, xgbArrays(bytes(text)));
      const outcome = new FedXgbBagging()
        .aggregateTrain(roundOf(xgbArrays()), [...honest(), poison]);
      assert.equal(textOf(outcome.arrays!), expected);
      assert.deepEqual(outcome.failures.map(({ nodeId }) => nodeId), [20n]);
      assert.match(outcome.failures[0]!.reason, /^Reply rejected: /);
      assert.match(outcome.failures[0]!.reason, reason);
    });
  }
});

Deno.test("models of XGBoost must be one array of bytes, and fit the limit", () => {
  const floats = ArrayRecord.fromTensors({ "0": tensor("float32", [1], Float32Array.of(1)) });
  const named = ArrayRecord.fromTensors({ model: tensor("uint8", [1], Uint8Array.of(1)) });
  const strategy = new FedXgbBagging({ maxModelBytes: GOOD[0]!.length + 10 });
  const outcome = strategy.aggregateTrain(roundOf(xgbArrays()), [
    trained(2, xgbArrays(bytes(GOOD[0]!))),
    trained(3, floats),
    trained(4, named),
    trained(5, xgbArrays(bytes(GOOD[0]!))), // fits alone, but not with the first
    trained(6, xgbArrays(bytes(GOOD[0]! + " ".repeat(100)))),
  ]);
  assert.deepEqual(outcome.results, [2n]);
  assert.deepEqual(outcome.failures.map(({ nodeId }) => nodeId), [3n, 4n, 5n, 6n]);
  assert.match(outcome.failures[2]!.reason, /maxModelBytes/);
  assert.throws(() => strategy.configureTrain(roundOf(floats, 1, [2n, 3n])), /one array "0"/);
  assert.throws(() => new FedXgbBagging({ maxModelBytes: 0 }), /maxModelBytes/);
});

Deno.test("FedXgbCyclic asks the nodes that Flower asks", () => {
  const turns = new Turns();
  for (const { server_round, sampled, asked } of golden.xgb_cyclic) {
    assert.deepEqual([turns.of(server_round, sampled.map(BigInt))], asked.map(BigInt));
  }
});

Deno.test("FedXgbCyclic: nodes take turns in both phases, and a new run begins anew", async () => {
  const strategy = new FedXgbCyclic();
  const asked = async (number: number, nodes: bigint[]) => {
    const round = roundOf(xgbArrays(), number, nodes);
    const [train, evaluate] = [
      await strategy.configureTrain(round),
      await strategy.configureEvaluate(round),
    ];
    return [train, evaluate].map(({ messages }) => messages.map((m) => m.metadata.dstNodeId));
  };
  assert.deepEqual(await asked(1, [5n, 7n]), [[5n], [5n]]);
  assert.deepEqual(await asked(2, [5n, 7n]), [[7n], [7n]]);
  assert.deepEqual(await asked(3, [5n, 7n]), [[5n], [5n]]);
  const off = new FedXgbCyclic({ fractionTrain: 0, fractionEvaluate: 0 });
  const round = roundOf(xgbArrays(), 1, [5n, 7n]);
  assert.deepEqual((await off.configureTrain(round)).messages, []);
  assert.deepEqual((await off.configureEvaluate(round)).messages, []);
});

Deno.test("FedXgbCyclic takes a node's model as it is, if it is sound", () => {
  const after = (strategy: FedXgb, text: string) =>
    strategy.aggregateTrain(roundOf(xgbArrays()), [trained(2, xgbArrays(bytes(text)))]);
  assert.equal(textOf(after(new FedXgbCyclic(), GOOD[0]!).arrays!), GOOD[0]);
  assert.equal(after(new FedXgbCyclic(), "{L").aggregated, false);
  assert.equal(textOf(after(new FedXgbCyclic({ modelFormat: "any" }), "{L").arrays!), "{L");
  assert.throws(() => new FedXgbCyclic({ fractionTrain: 0.5 as 1 }), /fractionTrain/);
  assert.throws(() => new FedXgbCyclic({ fractionEvaluate: 0.5 as 1 }), /fractionEvaluate/);
  assert.throws(() => new FedXgbCyclic({ modelFormat: "ubj" as "any" }), /modelFormat/);
});

Deno.test("FedXgbCyclic: a resumed run keeps the order of its nodes", () => {
  const turns = new Turns();
  turns.of(1, [5n, 9n]);
  turns.of(2, [2n, 5n, 9n]);
  const resumed = new Turns();
  resumed.load(turns.save());
  const rounds = [3, 4, 5, 6];
  const orderOf = (turns: Turns) => rounds.map((round) => turns.of(round, [2n, 5n, 9n]));
  assert.deepEqual(orderOf(resumed), orderOf(turns));
  assert.deepEqual(orderOf(resumed), [2n, 5n, 9n, 2n]);
  const strategy = new FedXgbCyclic();
  const saved = strategy.saveState();
  strategy.loadState(saved);
  assert.deepEqual([...strategy.saveState().keys()], [...saved.keys()]);
});
