import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { settle } from "../../base/testing/settle.ts";
import type { Result } from "../result.ts";
import { CONFIGS } from "./records.ts";
import { Federation } from "./testing/federation.ts";
import { assertMean, lose, secure } from "./testing/secure_run.ts";

Deno.test("secagg+: nodes lost in each stage do not cost the round", async () => {
  for (const stage of ["setup", "share_keys", "collect_masked_vectors", "unmask"]) {
    for (const options of [{}, { numShares: 5, reconstructionThreshold: 3 }]) {
      const federation = new Federation({ nodes: 6, tamper: lose(stage, 102n, 105n) });
      const result = await federation.run(secure(options));
      const [{ train }] = result.rounds as [typeof result.rounds[0]];
      // A node that is lost in "unmask" has its model in the sum.
      const there = stage === "unmask" ? federation.ids : [101n, 103n, 104n, 106n];
      assert.deepEqual(train!.results, there, `${stage}: ${train!.failures[0]?.reason}`);
      const failed = train!.failures.map(({ nodeId, code }) => [nodeId, code]);
      assert.deepEqual(failed, stage === "unmask" ? [] : [[102n, 2], [105n, 2]]);
      assertMean(federation, result, there);
    }
  }
});

Deno.test("secagg+: a node that never answers costs a stage's timeout, not the round", async () => {
  for (const stage of ["share_keys", "collect_masked_vectors", "unmask"]) {
    const clock = new FakeClock();
    const federation = new Federation({
      nodes: 4,
      clock,
      isSilent: ({ metadata }, asked) => asked === stage && metadata.dstNodeId === 104n,
    });
    let result: Result | undefined;
    const running = federation.run(secure({ timeout: 60 })).then((made) => result = made);
    const others = () => federation.answered.filter((answered) => answered === stage).length;
    while (others() < 3) await settle();
    while (result === undefined) {
      await clock.advance(10);
      await settle();
    }
    await running;
    const there = stage === "unmask" ? federation.ids : federation.ids.slice(0, 3);
    assert.deepEqual(result.rounds[0]!.train!.results, there, stage);
    assertMean(federation, result, there);
  }
});

Deno.test("secagg+: nodes lost in different stages of one round", async () => {
  const losses = [
    lose("setup", 101n),
    lose("share_keys", 102n),
    lose("collect_masked_vectors", 103n),
    lose("unmask", 104n),
  ];
  const federation = new Federation({
    nodes: 9,
    tamper: (...args) => losses.map((loss) => loss(...args)).find((reply) => reply !== undefined),
  });
  const result = await federation.run(secure({ reconstructionThreshold: 0.55 }));
  assertMean(federation, result, federation.ids.slice(3));
});

Deno.test("secagg+: only nodes whose shares were delivered are called dead", async () => {
  for (const stage of ["setup", "share_keys", "collect_masked_vectors"]) {
    const dead: bigint[] = [];
    const loss = lose(stage, 102n);
    const federation = new Federation({
      nodes: 4,
      tamper: (instruction, reply, asked) => {
        if (asked === "unmask") {
          const typed = instruction.content.configRecord(CONFIGS).typed("dead_nids");
          dead.push(...typed!.value as bigint[]);
        }
        return loss(instruction, reply, asked);
      },
    });
    await federation.run(secure());
    const expected = stage === "collect_masked_vectors" ? [102n, 102n, 102n] : [];
    assert.deepEqual(dead, expected, stage);
  }
});

Deno.test("secagg+: too few nodes left end the round without a model, and the next is whole again", async () => {
  for (const stage of ["setup", "share_keys", "collect_masked_vectors", "unmask"]) {
    let rounds = 0;
    const loss = lose(stage, 101n, 102n);
    const federation = new Federation({
      nodes: 4,
      tamper: (instruction, reply, asked) =>
        instruction.metadata.groupId === "1" ? loss(instruction, reply, asked) : undefined,
    });
    const result = await federation.run(secure(), 2);
    const [first, second] = result.rounds;
    assert.equal(first!.train!.aggregated, false, stage);
    assert.equal(second!.train!.aggregated, true, stage);
    assertMean(federation, result, federation.ids);
    rounds++;
    assert.equal(rounds, 1);
  }
});

Deno.test("secagg+: a node that refuses its weight is left out, and the log has the reason", async () => {
  const federation = new Federation({ nodes: 4, numExamples: (place) => place === 3 ? 101 : 10 });
  const result = await federation.run(secure());
  assertMean(federation, result, federation.ids.slice(0, 3));
  assert.match(result.rounds[0]!.train!.failures[0]!.reason, /101.*100/);
});
