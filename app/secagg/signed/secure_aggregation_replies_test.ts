import assert from "node:assert/strict";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import { MetricRecord } from "../../metric_record.ts";
import { assertMean } from "../testing/secure_run.ts";
import { PROTOCOL_RECORD, STATE_RECORD, VECTOR, VECTOR_RECORD } from "./records.ts";
import { secureAggregationMod } from "./secure_aggregation_mod.ts";
import { federationOf, secure, spoiling, stageOf } from "./testing/signed_run.ts";

Deno.test("secure aggregation: vectors of another length, type or place, and garbage, count as failures", async () => {
  const vector = (dtype: "uint32" | "float32", length: number) => {
    const data = dtype === "uint32" ? new Uint32Array(length) : new Float32Array(length);
    return ArrayRecord.fromTensors({ [VECTOR]: tensor(dtype, [length], data as Uint32Array) });
  };
  for (
    const content of [
      { [VECTOR_RECORD]: vector("uint32", 7) },
      { [VECTOR_RECORD]: vector("uint32", 9) },
      { [VECTOR_RECORD]: vector("float32", 8) },
      { [VECTOR_RECORD]: new ArrayRecord() },
      { other: vector("uint32", 8) },
      {},
    ] as Record<string, ArrayRecord>[]
  ) {
    const federation = await federationOf({
      nodes: 4,
      tamper: (instruction) =>
        stageOf(instruction) === "collect" && instruction.metadata.dstNodeId === 102n
          ? instruction.reply(content)
          : undefined,
    });
    const result = await federation.run(secure());
    const there = [101n, 103n, 104n];
    assert.deepEqual(result.rounds[0]!.train!.results, there);
    assertMean(federation, result, there);
  }
});

Deno.test("secure aggregation: a vector of random numbers is found, because the sum is impossible", async () => {
  const federation = await federationOf({
    nodes: 4,
    elements: 1_000,
    tamper: (instruction, reply) => {
      if (stageOf(instruction) !== "collect" || instruction.metadata.dstNodeId !== 102n) return;
      const { data } = reply.content.arrayRecord(VECTOR_RECORD).viewTensors().get(VECTOR)!;
      const words = crypto.getRandomValues(new Uint32Array(data.length));
      // The number of examples is right.
      words[0] = Number(data[0]);
      const array = tensor("uint32", [words.length], words);
      return instruction.reply({ [VECTOR_RECORD]: ArrayRecord.fromTensors({ [VECTOR]: array }) });
    },
  });
  const strategy = secure();
  await assert.rejects(federation.run(strategy), { code: "failed-precondition" });
  assert.match(
    federation.notes.join("\n"),
    /a masked vector is wrong: this round has no new model/,
  );
});

Deno.test("secure aggregation: malformed replies of each stage are failures of their node", async () => {
  const spoilt: Record<string, ConfigRecord | MetricRecord>[] = [
    {},
    { [PROTOCOL_RECORD]: new ConfigRecord() },
    { [PROTOCOL_RECORD]: new MetricRecord({ stage: 1 }) },
    {
      [PROTOCOL_RECORD]: new ConfigRecord({
        ...{ nodes: [1, 2], ciphertexts: [new Uint8Array(1)], signatures: 4, shares: "x" },
        ...{ signature: new Uint8Array(3), "mask-key": new Uint8Array(5) },
      }),
    },
  ];
  for (const stage of ["advertise", "share", "agree", "reveal"]) {
    for (const content of spoilt) {
      const federation = await federationOf({
        nodes: 4,
        tamper: (instruction) =>
          stageOf(instruction) === stage && instruction.metadata.dstNodeId === 102n
            ? instruction.reply(content)
            : undefined,
      });
      const result = await federation.run(secure());
      const isLate = stage === "agree" || stage === "reveal";
      const there = isLate ? federation.ids : [101n, 103n, 104n];
      assert.deepEqual(result.rounds[0]!.train!.results, there, stage);
    }
  }
});

Deno.test("secure aggregation: a number of examples that is not whole, and a missing metric, stay on the node", async () => {
  const cases: Record<string, number>[] = [
    { "num-examples": -1, loss: 1 },
    { "num-examples": 1.5, loss: 1 },
    { "num-examples": 10 },
  ];
  for (const metrics of cases) {
    const mods = [secureAggregationMod(), spoiling(metrics)];
    const federation = await federationOf({ nodes: 4, mods });
    const { rounds } = await federation.run(secure({ metrics: { loss: 10 } }));
    const { results, failures } = rounds[0]!.train!;
    assert.deepEqual(results, [101n, 103n, 104n]);
    assert.deepEqual(failures.map(({ nodeId }) => nodeId), [102n]);
    assert.doesNotMatch(failures[0]!.reason, /1\.5/, "the server is not told the number");
    assert.ok(!federation.contexts.get(102n)!.state.has(STATE_RECORD));
  }
});
