import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { settle } from "../../base/testing/settle.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import type { Result } from "../result.ts";
import { FedAvg } from "./fedavg.ts";
import { FedAsync, FedBuff } from "./fedbuff.ts";
import { momentumRule } from "./rule/momentum.ts";
import type { StartOptions } from "./run_strategy.ts";
import { constantStaleness } from "./staleness/staleness.ts";
import type { Strategy } from "./strategy.ts";

const model = (value: number) =>
  ArrayRecord.fromTensors({ w: tensor("float64", [1], Float64Array.of(value)) });
const valueOf = (arrays: ArrayRecord) => Number(arrays.viewTensors().get("w")!.data[0]);
const replied = (message: Message, value: number) =>
  message.reply({ arrays: model(value), metrics: new MetricRecord({ "num-examples": 1 }) });

/** Seconds that a node trains; undefined: it never answers. */
type Speed = (nodeId: NodeId, message: Message) => number | undefined;

function federation(
  online: NodeId[],
  speed: Speed,
  train: (message: Message, value: number) => Message,
) {
  const clock = new FakeClock(0);
  const driver = new FakeDriver(online, async (message) => {
    const seconds = speed(message.metadata.dstNodeId, message);
    if (seconds === undefined) return undefined;
    await clock.sleep(seconds);
    if (message.metadata.messageType !== "train") {
      return message.reply({ metrics: new MetricRecord({ "num-examples": 1 }) });
    }
    return train(message, valueOf(message.content.arrayRecord("arrays")));
  });
  const grid = new Grid(driver, 7n, { clock });
  return { clock, driver, grid };
}

/** Runs a strategy while the clock advances by a quarter of a second at a time. */
async function run(
  strategy: Strategy,
  { clock, grid }: Pick<ReturnType<typeof federation>, "clock" | "grid">,
  options: StartOptions,
): Promise<Result> {
  let over = false;
  const running = strategy.start(grid, { initialArrays: model(0), ...options })
    .finally(() => over = true);
  running.catch(() => {});
  while (!over) {
    await settle();
    if (!over) await clock.advance(0.25);
  }
  return await running;
}

Deno.test("FedBuff: K updates make a version, each weighted by its staleness, added to the version of now", async () => {
  // Node 2 takes 1 s, node 3 1.25 s, node 4 2.75 s; each adds 8 to the model that it was sent.
  const all = federation(
    [2n, 3n, 4n],
    (id) => id === 2n ? 1 : id === 3n ? 1.25 : 2.75,
    (message, value) => replied(message, value + 8),
  );
  const versions: number[] = [];
  const result = await run(new FedBuff({ bufferSize: 2 }), all, {
    numRounds: 4,
    evaluateFn: (_, arrays) => void versions.push(valueOf(arrays)),
  });
  // 1 s and 1.25 s: nodes 2 and 3, from version 0: 0 + (8 + 8)/2. 2.25 s and 2.5 s: the same, fresh. 2.75 s: node 4, from
  // version 0, 2 versions old, 3.5 s: node 2, fresh. 3.75 s: node 3, 1 version old; 4.5 s: node 2, fresh.
  const v3 = 16 + (8 * 3 ** -0.5 + 8) / 2;
  const expected = [0, 8, 16, v3, v3 + (8 * 2 ** -0.5 + 8) / 2];
  assert.equal(versions.length, expected.length);
  versions.forEach((version, i) => assert.ok(Math.abs(version - expected[i]!) < 1e-12));
  const train = result.rounds.map(({ train }) => train!);
  assert.deepEqual(train.map(({ results }) => results), [[2n, 3n], [2n, 3n], [2n, 4n], [2n, 3n]]);
  assert.deepEqual(train.map(({ metrics }) => metrics?.get("staleness")), [0, 0, 1, 0.5]);
  const sent = all.driver.pushed.map(({ metadata, content }) => [
    metadata.dstNodeId,
    metadata.groupId,
    content.configRecord("config").toObject(),
  ]);
  assert.deepEqual(sent.slice(0, 4), [
    [2n, "1", { "server-round": 1, "model-version": 0 }],
    [3n, "1", { "server-round": 1, "model-version": 0 }],
    [4n, "1", { "server-round": 1, "model-version": 0 }],
    [2n, "2", { "server-round": 2, "model-version": 1 }],
  ]);
});

Deno.test("FedBuff: a node fills one place of the buffer in a version, however fast it replies", async () => {
  // Node 2 takes 0.25 s and adds 100; the others take 2 s to 2.5 s and add 1.
  const all = federation(
    [2n, 3n, 4n, 5n],
    (id) => id === 2n ? 0.25 : 1.5 + 0.25 * Number(id - 1n),
    (message, value) => replied(message, value + (message.metadata.dstNodeId === 2n ? 100 : 1)),
  );
  const { rounds } = await run(new FedBuff({ bufferSize: 3 }), all, { numRounds: 4 });
  for (const { train } of rounds) {
    assert.equal(train!.results.length, 3);
    assert.equal(new Set(train!.results).size, 3);
  }
  const asked = all.driver.pushed.filter(({ metadata }) => metadata.dstNodeId === 2n);
  assert.deepEqual(asked.map(({ metadata }) => metadata.groupId), ["1", "2", "3", "4"]);
});

Deno.test("FedBuff: with fewer nodes than the buffer has places, a version is made when all have replied", async () => {
  const all = federation(
    [2n, 3n],
    (id) => Number(id),
    (message, value) => replied(message, value + 1),
  );
  const { rounds, arrays, seconds } = await run(new FedBuff(), all, { numRounds: 2 });
  assert.deepEqual(rounds.map(({ train }) => train!.results), [[2n, 3n], [2n, 3n]]);
  assert.deepEqual([valueOf(arrays), seconds], [2, 6]);
});

Deno.test("FedBuff and FedAsync: a reply of weight 0 fills no place, and its node is asked again for the next version", async () => {
  // Node 2 replies four times as fast, of no examples.
  for (const strategy of [new FedBuff({ bufferSize: 2 }), new FedAsync({ alpha: 1 })]) {
    const all = federation(
      [2n, 3n, 4n],
      (id) => id === 2n ? 0.25 : 1,
      (message, value) =>
        message.metadata.dstNodeId === 2n
          ? message.reply({
            arrays: model(value + 100),
            metrics: new MetricRecord({ "num-examples": 0 }),
          })
          : replied(message, value + 1),
    );
    const { rounds, arrays } = await run(strategy, all, { numRounds: 2 });
    for (const { round, train } of rounds) {
      assert.equal(train!.aggregated, true);
      assert.ok(train!.results.length > 0 && !train!.results.includes(2n));
      assert.ok(train!.failures.every(({ nodeId }) => nodeId === 2n));
      const asked = all.driver.pushed.filter(({ metadata: { dstNodeId, groupId } }) =>
        dstNodeId === 2n && groupId === `${round}`
      );
      assert.ok(asked.length <= 1, strategy.name);
    }
    assert.ok(valueOf(arrays) > 0 && valueOf(arrays) <= 2, `${valueOf(arrays)}`);
    assert.equal(rounds[0]!.train!.failures.length, 1);
  }
});

Deno.test("FedAsync: each update is mixed into the version of now", async () => {
  const all = federation([2n, 3n], (id) => id === 2n ? 1 : 1.5, (message) => replied(message, 10));
  const strategy = new FedAsync({ alpha: 0.5 });
  const result = await run(strategy, all, { numRounds: 2 });
  // 0 + 0.5·10 = 5; then node 3's, 1 version old: 5 + 0.5·2^−½·(10 − 5)
  assert.ok(Math.abs(valueOf(result.arrays) - (5 + 0.5 * 2 ** -0.5 * 5)) < 1e-12);
});

Deno.test("with one of four nodes ten times slower, the same accuracy is reached in half of FedAvg's time or less", async () => {
  // Each node halves its distance to 1, and its own data are a little off.
  const speed: Speed = (id) => id === 5n ? 10 : 1;
  const train = (message: Message, value: number) => {
    const goal = 1 + 0.01 * (Number(message.metadata.dstNodeId) - 3.5);
    return replied(message, value + 0.5 * (goal - value));
  };
  const seconds = async (strategy: Strategy) => {
    const all = federation([2n, 3n, 4n, 5n], speed, train);
    let reached = Infinity;
    await run(strategy, all, {
      numRounds: 60,
      evaluateFn(_, arrays) {
        if (Math.abs(valueOf(arrays) - 1) <= 0.02) reached = Math.min(reached, all.clock.now());
        return { off: valueOf(arrays) - 1 };
      },
      stopWhen: () => reached < Infinity,
    });
    return reached;
  };
  const fedavg = await seconds(new FedAvg({ fractionEvaluate: 0 }));
  const others = [
    await seconds(new FedBuff({ bufferSize: 3 })),
    await seconds(new FedBuff({ bufferSize: 3, rule: momentumRule({ serverLearningRate: 1.2 }) })),
    await seconds(new FedAsync()),
  ];
  assert.equal(fedavg, 60);
  for (const other of others) assert.ok(other <= fedavg / 2, `${other} s, FedAvg ${fedavg} s`);
});

Deno.test("concurrency: so many nodes train at the same time, and a seed chooses which", async () => {
  const asked = async (seed: number) => {
    const out = new Set<NodeId>();
    let most = 0;
    const all = federation([2n, 3n, 4n, 5n, 6n], () => 1, (message, value) => {
      out.delete(message.metadata.dstNodeId);
      return replied(message, value);
    });
    const { answer } = all.driver;
    all.driver.answer = (message) => {
      most = Math.max(most, out.add(message.metadata.dstNodeId).size);
      return answer(message);
    };
    await run(new FedBuff({ bufferSize: 2, concurrency: 2, seed }), all, { numRounds: 4 });
    assert.equal(most, 2);
    return all.driver.pushed.map(({ metadata }) => metadata.dstNodeId);
  };
  assert.deepEqual(await asked(1), await asked(1));
  assert.notDeepEqual(await asked(1), await asked(2));
});

Deno.test("a reply that fails, is late or is too old costs that reply, and the others make the version", async () => {
  // Node 2 fails in the first version, node 3 never answers, nodes 4 and 6 are sound, node 5 is slow.
  const all = federation(
    [2n, 3n, 4n, 5n, 6n],
    (id) => id === 3n ? undefined : id === 5n ? 3.5 : 1,
    (message, value) =>
      message.metadata.dstNodeId === 2n && message.metadata.groupId === "1"
        ? message.replyError(2, "boom")
        : replied(message, value + 1),
  );
  const strategy = new FedBuff({ bufferSize: 2, maxStaleness: 1, staleness: constantStaleness() });
  const { rounds, arrays } = await run(strategy, all, { numRounds: 5, timeout: 6 });
  const reasons = rounds.flatMap(({ round, train }) =>
    train!.failures.map(({ nodeId, reason }) => [round, nodeId, reason])
  );
  assert.deepEqual(
    reasons,
    [
      [1, 2n, "boom"],
      [
        4,
        5n,
        "Reply rejected: its model is 3 versions old, at most 1 are accepted (maxStaleness)",
      ],
      [5, 3n, "No reply within 6 s"],
    ].slice(0, reasons.length),
  );
  assert.ok(reasons.length >= 2);
  assert.equal(valueOf(arrays), 5);
});

Deno.test("if every node fails, versions end without a model and the run fails", async () => {
  const all = federation([2n, 3n], () => 1, (message) => message.replyError(2, "boom"));
  await assert.rejects(run(new FedBuff(), all, { numRounds: 3 }), {
    code: "failed-precondition",
    message: "Training failed in every round. Last error, from node 3: boom",
  });
  assert.equal(all.driver.pushed.length, 6);
});

Deno.test("nodes that join are asked, and a run without nodes waits for one", async () => {
  const all = federation([2n, 3n], () => 1, (message, value) => {
    all.driver.online = message.metadata.dstNodeId === 2n ? [4n] : all.driver.online;
    return replied(message, value + 1);
  });
  const { rounds } = await run(new FedBuff({ bufferSize: 3 }), all, { numRounds: 1 });
  assert.deepEqual(rounds[0]!.train!.results, [2n, 3n, 4n]);
});

Deno.test("options out of range are refused by name", () => {
  assert.throws(
    () => new FedBuff({ bufferSize: 0 }),
    /bufferSize must be a whole number from 1: got 0/,
  );
  assert.throws(() => new FedBuff({ concurrency: 0.5 }), /concurrency/);
  assert.throws(() => new FedBuff({ maxStaleness: -1 }), /maxStaleness/);
  assert.throws(() => new FedBuff({ minAvailableNodes: 0 }), /minAvailableNodes/);
  assert.throws(() => new FedAsync({ alpha: 1.5 }), /alpha/);
});
