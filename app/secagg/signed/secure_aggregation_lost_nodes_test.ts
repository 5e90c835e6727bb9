import assert from "node:assert/strict";
import { FakeClock } from "../../../base/clock.ts";
import { settle } from "../../../base/testing/settle.ts";
import { STAGES } from "../../../secagg/signed/node_state.ts";
import { assertMean } from "../testing/secure_run.ts";
import { federationOf, lose, secure, stageOf } from "./testing/signed_run.ts";

Deno.test("secure aggregation: nodes lost in each stage do not cost the round", async () => {
  for (const stage of STAGES) {
    const federation = await federationOf({ nodes: 6, tamper: lose(stage, 102n, 105n) });
    const result = await federation.run(secure());
    const { train } = result.rounds[0]!;
    // A node that is lost after "collect" has its model in the sum.
    const isLate = stage === "agree" || stage === "reveal";
    const there = isLate ? federation.ids : [101n, 103n, 104n, 106n];
    assert.deepEqual(train!.results, there, `${stage}: ${train!.failures[0]?.reason}`);
    const failed = train!.failures.map(({ nodeId, code }) => [nodeId, code]);
    assert.deepEqual(failed, isLate ? [] : [[102n, 2], [105n, 2]]);
    assertMean(federation, result, there);
  }
});

Deno.test("secure aggregation: a node that never answers costs a stage's timeout, not the round", async () => {
  for (const [place, stage] of STAGES.entries()) {
    if (stage === "advertise") continue;
    const clock = new FakeClock();
    const federation = await federationOf({
      nodes: 4,
      clock,
      isSilent: (instruction) =>
        stageOf(instruction) === stage && instruction.metadata.dstNodeId === 104n,
    });
    let replies = 0;
    federation.grid.subscribe(({ type }) => void (replies += type === "reply" ? 1 : 0));
    let isOver = false;
    const running = federation.run(secure({ timeout: 60 }));
    running.catch(() => {}).finally(() => isOver = true);
    // All replies but the silent node's: only its timeout may pass, because the others' work takes real time.
    while (replies < 4 * place + 3 && !isOver) await settle();
    await clock.advance(61);
    const result = await running;
    const isLate = stage === "agree" || stage === "reveal";
    const there = isLate ? federation.ids : federation.ids.slice(0, 3);
    assert.deepEqual(result.rounds[0]!.train!.results, there, stage);
    assertMean(federation, result, there);
  }
});

Deno.test("secure aggregation: a round with too few nodes has no new model, and the next one works", async () => {
  for (const stage of STAGES) {
    const federation = await federationOf({
      nodes: 4,
      tamper: (instruction, ...rest) =>
        instruction.metadata.groupId === "1"
          ? lose(stage, 101n, 102n)(instruction, ...rest)
          : undefined,
    });
    const result = await federation.run(secure(), 2);
    assert.equal(result.rounds[0]!.train!.aggregated, false, stage);
    assert.match(federation.notes.join("\n"), /expected at least 3.*no new model/);
    assert.deepEqual(result.rounds[1]!.train!.results, federation.ids, stage);
    assertMean(federation, result, federation.ids);
  }
});
