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

/** Fields that XGBoost requires of each tree. */
const TREE_FIELDS = [
  ..."base_weights default_left id left_children loss_changes parents right_children".split(" "),
  ..."split_conditions split_indices sum_hessian tree_param categories".split(" "),
  ..."num_deleted num_nodes size_leaf_vector".split(" "),
];

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
  "no base score": [(good) => good.replace('"base_score":', '"bass":'), /lacks "base_score"/],
  "a base score that is no number": [
    (good) => good.replace('"[4.5E-1]"', '"[nan]"'),
    /malformed|base_score/,
  ],
  "a base score beyond float32": [(good) => good.replace("[4.5E-1]", "[1E39]"), /base_score/],
  "a base score that is no probability": [
    (good) => good.replace("[4.5E-1]", "[2E0]"),
    /base_score/,
  ],
  "many base scores": [(good) => good.replace("[4.5E-1]", "[4.5E-1,4.5E-1]"), /base_score/],
  "no number of features": [
    (good) => good.replace(/("learner_model_param":.*)"num_feature"/, '$1"features"'),
    /lacks "num_feature"/,
  ],
  "several targets": [(good) => good.replace('"num_target":"1"', '"num_target":"2"'), /2 targets/],
  "another number of parallel trees": [
    (good) => BAGGING["two parallel trees each"]!.rounds[0]!.replies[0] ?? good,
    /num_parallel_tree "2"/,
  ],
  "a tree of another class": [
    (good) => good.replace('"tree_info":[0]', '"tree_info":[999999]'),
    /tree_info/,
  ],
  "many classes of trees": [
    (good) => good.replace('"tree_info":[0]', '"tree_info":[0,0]'),
    /1 elements in tree_info/,
  ],
  "rounds that do not ascend": [
    (good) => good.replace('"iteration_indptr":[0,1]', '"iteration_indptr":[1,1]'),
    /iteration_indptr must ascend/,
  ],
  "rounds that do not start at 0": [
    (good) => good.replace('"iteration_indptr":[0,1]', '"iteration_indptr":[1]'),
    /iteration_indptr must ascend/,
  ],
  "a child as a real number": [
    (good) => good.replace('"left_children":[1,', '"left_children":[1.0,'),
    /1\.0 in left_children/,
  ],
  "a leaf as an integer": [
    (good) => good.replace(/("split_conditions":\[[^,]+),[^,\]]+/, "$1,1"),
    /1 in split_conditions/,
  ],
  "another parent": [(good) => good.replace("[2147483647,0,", "[2147483647,3,"), /parent 3/],
  "a weight beyond float32": [
    (good) => good.replace('"base_weights":[4.007035E-8', '"base_weights":[1E39'),
    /base_weights/,
  ],
  "a default that is no flag": [
    (good) => good.replace('"default_left":[0', '"default_left":[2'),
    /default_left/,
  ],
  "another id": [(good) => good.replace('"id":0', '"id":1'), /another id/],
  "more nodes than the text holds": [
    (good) => good.replace('"num_nodes":"5"', '"num_nodes":"99999999"'),
    /num_nodes 99999999/,
  ],
  "fewer nodes": [(good) => good.replace('"num_nodes":"5"', '"num_nodes":"4"'), /more than 4/],
  "a tree of more features": [
    (good) => good.replace(/("tree_param":.*?)"num_feature":"2"/, '$1"num_feature":"3"'),
    /num_feature 3 of 2/,
  ],
  "deleted nodes that are reached": [
    (good) => good.replace('"num_deleted":"0"', '"num_deleted":"1"'),
    /num_deleted 1/,
  ],
  "several values per leaf": [
    (good) => good.replace('"size_leaf_vector":"1"', '"size_leaf_vector":"7"'),
    /several values/,
  ],
  "a split by no categories": [
    (good) => good.replace('"split_type":[0', '"split_type":[1'),
    /categories/,
  ],
  "categories outside their array": [
    (good) =>
      good.replace('"split_type":[0', '"split_type":[1')
        .replace('"categories_nodes":[]', '"categories_nodes":[0]')
        .replace('"categories_segments":[]', '"categories_segments":[0]')
        .replace('"categories_sizes":[]', '"categories_sizes":[9]')
        .replace('"categories":[]', '"categories":[1,2]'),
    /categories/,
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

Deno.test("a tree that lacks a field that XGBoost reads is refused", () => {
  for (const field of TREE_FIELDS) {
    const text = GOOD[0]!.replace(`"${field}":`, `"no ${field}":`);
    assert.notEqual(text, GOOD[0], field);
    const { results, failures } = new FedXgbBagging()
      .aggregateTrain(roundOf(xgbArrays()), [trained(2, xgbArrays(bytes(text)))]);
    assert.deepEqual([results, failures.length], [[], 1], field);
    assert.match(failures[0]!.reason, new RegExp(`lacks "${field}"`));
  }
});

Deno.test("a split by categories, and booleans of old versions, are accepted", () => {
  const text = GOOD[0]!.replace('"split_type":[0', '"split_type":[1')
    .replace('"categories_nodes":[]', '"categories_nodes":[0]')
    .replace('"categories_segments":[]', '"categories_segments":[0]')
    .replace('"categories_sizes":[]', '"categories_sizes":[2]')
    .replace('"categories":[]', '"categories":[1,2]')
    .replace('"default_left":[0,0', '"default_left":[false,true')
    .replace("[4.5E-1]", "4.5E-1");
  const { failures } = new FedXgbBagging()
    .aggregateTrain(roundOf(xgbArrays()), [trained(2, xgbArrays(bytes(text)))]);
  assert.deepEqual(failures, []);
});

/** A model of the same kind with many trees per round, as small as trees can be. */
function manyTrees(count: number): string {
  const tree = (_: unknown, id: number) =>
    `{"base_weights":[0E0],"default_left":[0],"id":${id},"left_children":[-1],"loss_changes":[0E0],` +
    '"parents":[2147483647],"right_children":[-1],"split_conditions":[0E0],"split_indices":[0],' +
    '"sum_hessian":[0E0],"tree_param":{"num_deleted":"0","num_feature":"2","num_nodes":"1",' +
    '"size_leaf_vector":"1"}}';
  return GOOD[0]!.replace(/"trees":\[\{.*\}\]/, `"trees":[${Array.from({ length: count }, tree)}]`)
    .replace('"num_trees":"1"', `"num_trees":"${count}"`)
    .replace('"num_parallel_tree":"1"', `"num_parallel_tree":"${count}"`)
    .replace('"tree_info":[0]', `"tree_info":[${Array(count).fill(0)}]`)
    .replace('"iteration_indptr":[0,1]', `"iteration_indptr":[0,${count}]`);
}

Deno.test("a model of very many trees is joined, and does not exhaust the stack", () => {
  const count = 130_000;
  const text = bytes(manyTrees(count));
  const outcome = new FedXgbBagging({ maxModelBytes: 3 * text.length })
    .aggregateTrain(roundOf(xgbArrays(text), 2), [trained(2, xgbArrays(text))]);
  assert.deepEqual(outcome.failures, []);
  assert.ok(textOf(outcome.arrays!).includes(`"num_trees":"${2 * count}"`));
});

Deno.test("in the first round the most common kind counts, not the lowest node's", () => {
  const odd = GOOD[0]!.replaceAll('"num_feature":"2"', '"num_feature":"3"');
  const outcome = (texts: readonly string[]) =>
    new FedXgbBagging().aggregateTrain(
      roundOf(xgbArrays()),
      texts.map((text, i) => trained(i + 2, xgbArrays(bytes(text)))),
    );
  const { results, failures } = outcome([odd, ...GOOD]);
  assert.deepEqual(results, [3n, 4n, 5n]);
  assert.deepEqual(failures.map(({ nodeId }) => nodeId), [2n]);
  // Of equally common kinds that of the lowest node id.
  assert.deepEqual(outcome([odd, GOOD[0]!]).results, [2n]);
  // Unsound models have no vote.
  const unsound = odd.replace('"left_children":[1,', '"left_children":[0,');
  assert.deepEqual(outcome([unsound, unsound, GOOD[0]!]).results, [4n]);
});

Deno.test("a base score counts as a leaf for the limit of the norm", () => {
  const text = GOOD[0]!.replace("binary:logistic", "reg:squarederror").replace("4.5E-1", "1E38");
  for (const strategy of [new FedXgbBagging(), new FedXgbCyclic()]) {
    const { failures } = strategy
      .aggregateTrain(roundOf(xgbArrays()), [trained(2, xgbArrays(bytes(text)))]);
    assert.match(failures[0]!.reason, /maxUpdateNorm/);
  }
});

Deno.test("FedXgbCyclic refuses a model of another kind than the global one", () => {
  const global = xgbArrays(bytes(GOOD[0]!));
  const after = (text: string) =>
    new FedXgbCyclic().aggregateTrain(roundOf(global), [trained(2, xgbArrays(bytes(text)))]);
  assert.deepEqual(after(GOOD[1]!).results, [2n]);
  for (const name of ["another objective", "other features"]) {
    const { results, failures } = after(HOSTILE[name]![0](GOOD[1]!));
    assert.deepEqual([results, failures.length], [[], 1], name);
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
