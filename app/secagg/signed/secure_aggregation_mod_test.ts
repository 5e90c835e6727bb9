import assert from "node:assert/strict";
import { STAGES } from "../../../secagg/signed/node_state.ts";
import { ConfigRecord } from "../../config_record.ts";
import { RecordDict } from "../../record_dict.ts";
import { FedAvg } from "../../strategy/fedavg.ts";
import { Grid } from "../../grid.ts";
import { Federation } from "../testing/federation.ts";
import { PROTOCOL_RECORD, STATE_RECORD } from "./records.ts";
import { secureAggregationMod } from "./secure_aggregation_mod.ts";
import { federationOf, secure, stageOf, training } from "./testing/signed_run.ts";

Deno.test("secure aggregation mod: refuses plain training, wrong stages, and rounds that may be too small", async () => {
  const federation = await federationOf({ nodes: 4 });
  const plain = federation.run(new FedAvg(training));
  await assert.rejects(plain, { message: /trains only in a round of secure aggregation/ });

  const wary = await federationOf({ nodes: 4, mods: [secureAggregationMod({ minNodes: 4 })] });
  await assert.rejects(wary.run(secure()), { message: /requires at least minNodes, which is 4/ });
  const enough = await wary.run(secure({ threshold: 1 }));
  assert.deepEqual(enough.rounds[0]!.train!.results, wary.ids);
});

Deno.test("secure aggregation mod: another run of the series starts anew, and the first one is remembered", async () => {
  const options = { unsignedKeysForTests: true };
  const federation = new Federation({ nodes: 3, mods: [secureAggregationMod(options)] });
  const run = (runId: bigint) => {
    for (const context of federation.contexts.values()) Object.assign(context, { runId });
    const grid = new Grid(federation.driver, runId, {});
    return secure(options).start(grid, { numRounds: 2, initialArrays: federation.initial });
  };
  for (const runId of [7n, 2n ** 63n + 5n]) {
    assert.deepEqual((await run(runId)).rounds[1]!.train!.results, federation.ids);
  }
  await assert.rejects(run(7n), { message: /sent its vector in round 2 of this run already/ });
});

Deno.test("secure aggregation mod: after maxRounds of a run the node sends no vector", async () => {
  const federation = await federationOf({
    nodes: 3,
    mods: [secureAggregationMod({ maxRounds: 2 })],
  });
  const { rounds } = await federation.run(secure(), 4);
  assert.deepEqual(rounds.map(({ train }) => train!.aggregated), [true, true, false, false]);
  assert.match(rounds[2]!.train!.failures[0]!.reason, /maxRounds is 2/);
});

Deno.test("secure aggregation mod: malformed instructions of each stage get an error, and end the round", async () => {
  const garbage: Record<string, unknown> = {
    nodes: ["1"],
    ciphertexts: [1, 2],
    survivors: "all",
    signatures: [new Uint8Array(3)],
    "mask-key": new Uint8Array(5),
    participants: 1.5,
    "ring-bits": "32",
    "metric-names": [1],
    "clipping-range": NaN,
  };
  let seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  console.log(`seed ${seed}`);
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) >>> 0) % below;
  for (const stage of STAGES) {
    let errors = 0;
    for (let attempt = 0; attempt < 12; attempt++) {
      let replies = 0;
      const federation = await federationOf({
        nodes: 4,
        tamper: (_instruction, reply) => {
          if (reply.hasContent || reply.metadata.srcNodeId !== 102n) return undefined;
          replies++;
          assert.equal(reply.error!.code, 2);
          assert.match(reply.error!.reason, /Secure aggregation|FlwrError/);
          return undefined;
        },
      });
      const { answer } = federation.driver;
      federation.driver.answer = (instruction) => {
        if (stageOf(instruction) !== stage || instruction.metadata.dstNodeId !== 102n) {
          return answer(instruction);
        }
        const record = instruction.content.configRecord(PROTOCOL_RECORD);
        const names = [...record.keys()].filter((name) => name !== "stage");
        const name = names[random(names.length)]!;
        const values = Object.values(garbage);
        const typed = new ConfigRecord();
        for (const [key, value] of record.typedEntries()) {
          if (key !== name) typed.setTyped(key, value);
        }
        // Gone, or of another kind.
        if (random(3) > 0) typed.set(name, values[random(values.length)] as string);
        const content = [...instruction.content].filter(([key]) => key !== PROTOCOL_RECORD);
        return answer(
          instruction.withContent(new RecordDict([...content, [PROTOCOL_RECORD, typed]])),
        );
      };
      const { rounds } = await federation.run(secure({ metrics: { loss: 10 } }));
      assert.equal(rounds[0]!.train!.aggregated, true, `${stage}`);
      errors += replies;
      // A node that accepted other settings has keys that the server refuses.
      if (replies > 0) assert.ok(!federation.contexts.get(102n)!.state.has(STATE_RECORD), stage);
    }
    assert.ok(errors > 0, stage);
  }
});
