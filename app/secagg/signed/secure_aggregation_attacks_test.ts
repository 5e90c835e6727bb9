import assert from "node:assert/strict";
import type { NodeId } from "../../../entities/metadata.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import { MetricRecord } from "../../metric_record.ts";
import { RecordDict } from "../../record_dict.ts";
import { Federation } from "../testing/federation.ts";
import { assertMean } from "../testing/secure_run.ts";
import { PROTOCOL_RECORD, STATE_RECORD } from "./records.ts";
import { secureAggregationMod } from "./secure_aggregation_mod.ts";
import { federationOf, secure, spoiling, stageOf } from "./testing/signed_run.ts";

/** Changes training instructions on their way to some nodes, as a server that cheats can. */
function retold(
  federation: Federation,
  change: (content: RecordDict) => RecordDict,
  isTold: (nodeId: NodeId) => boolean,
): void {
  const { answer } = federation.driver;
  federation.driver.answer = (instruction) => {
    const isChanged = stageOf(instruction) === "collect" &&
      isTold(instruction.metadata.dstNodeId);
    return answer(
      isChanged ? instruction.withContent(change(instruction.content)) : instruction,
    );
  };
}

const zeros = (name: string, dtype: "float32" | "float64" = "float32") => {
  const data = dtype === "float32" ? new Float32Array(4) : new Float64Array(4);
  return [name, tensor(dtype, [4], data as Float32Array)] as const;
};
const bias = ["b", tensor("float32", [3], new Float32Array(3))] as const;
const withArrays =
  (...arrays: Parameters<typeof ArrayRecord.fromTensors>[0][]) => (content: RecordDict) =>
    new RecordDict([
      ...[...content].filter(([name]) => name !== "arrays"),
      ...arrays.map((one, i) => [i === 0 ? "arrays" : `more${i}`, ArrayRecord.fromTensors(one)]),
    ] as [string, ArrayRecord][]);

Deno.test("attack: bisecting a node's number of examples with maxWeight: a larger number counts as maxWeight", async () => {
  const mods = [secureAggregationMod(), spoiling({ "num-examples": 5_000, loss: 0.5 })];
  const federation = await federationOf({ nodes: 4, mods });
  const result = await federation.run(secure({ maxWeight: 100 }));
  assert.deepEqual(result.rounds[0]!.train!.results, federation.ids);
  assert.deepEqual(result.rounds[0]!.train!.failures, []);
  const clamped = new Federation({
    nodes: 4,
    numExamples: (place) => place === 1 ? 100 : 10 * place + 10,
  });
  assertMean(clamped, result, clamped.ids);
});

Deno.test("attack: learning from an error that a node's update overflows: it counts nothing, without an error", async () => {
  const cases: [Record<string, number>, Float32Array | undefined][] = [
    [{ "num-examples": 10, loss: NaN }, undefined],
    [{ "num-examples": 10, loss: 1 }, Float32Array.of(NaN, 0, 0, 0)],
    [{ "num-examples": 10, loss: 1 }, Float32Array.of(0, 0, 0, Infinity)],
  ];
  for (const [metrics, w] of cases) {
    const mods = [secureAggregationMod(), spoiling(metrics, w)];
    const federation = await federationOf({ nodes: 4, mods });
    const result = await federation.run(secure({ metrics: { loss: 10 } }));
    assert.deepEqual(result.rounds[0]!.train!.results, federation.ids);
    assert.deepEqual(result.rounds[0]!.train!.failures, []);
    assertMean(federation, result, [101n, 103n, 104n]);
  }
});

Deno.test("attack: a server that repeats a round", async () => {
  const federation = await federationOf({ nodes: 3 });
  await federation.run(secure(), 2);
  const again = federation.run(secure(), 1);
  await assert.rejects(again, { message: /sent its vector in round 2 of this run already/ });
});

Deno.test("attack: a second session of a round over the nodes that were not asked to reveal in the first", async () => {
  const federation = await federationOf({ nodes: 9 });
  const late = federation.ids.slice(6);
  const { answer } = federation.driver;
  federation.driver.answer = (instruction) =>
    stageOf(instruction) === "reveal" && late.includes(instruction.metadata.dstNodeId)
      ? instruction.replyError(2, "not asked")
      : answer(instruction);
  const first = await federation.run(secure());
  assert.deepEqual(first.rounds[0]!.train!.results, federation.ids);
  federation.driver.answer = answer;
  federation.driver.online = late;
  await assert.rejects(federation.run(secure()), {
    message: /sent its vector in round 1 of this run already/,
  });
});

Deno.test("attack: a session that was planned in another run of the series does not repeat a round", async () => {
  const federation = await federationOf({
    nodes: 3,
    mods: [secureAggregationMod({ unsignedKeysForTests: true })],
  });
  const options = { unsignedKeysForTests: true };
  await federation.run(secure(options));
  const { answer } = federation.driver;
  for (const [id, context] of federation.contexts) {
    Object.assign(context, { registeredKey: undefined, nodeId: id });
  }
  // "advertise" as if it were of run 8, the other stages in run 7.
  federation.driver.answer = (instruction) => {
    const runId = stageOf(instruction) === "advertise" ? 8n : 7n;
    for (const context of federation.contexts.values()) Object.assign(context, { runId });
    return answer(instruction);
  };
  await assert.rejects(federation.run(secure(options)), { code: "failed-precondition" });
});

Deno.test("attack: a server that asks two survivor sets, or a second reveal, in one round", async () => {
  const federation = await federationOf({ nodes: 4 });
  const { answer } = federation.driver;
  const asked: string[] = [];
  federation.driver.answer = async (instruction) => {
    const reply = await answer(instruction);
    const stage = stageOf(instruction);
    if (instruction.metadata.dstNodeId !== 101n || (stage !== "agree" && stage !== "reveal")) {
      return reply;
    }
    // The state is that of an honest node in this stage: the second question comes from a server that cheats.
    const context = federation.contexts.get(101n)!;
    const kept = context.state.get(STATE_RECORD);
    const record = new ConfigRecord([...instruction.content.configRecord(PROTOCOL_RECORD)]);
    if (stage === "agree") record.set("survivors", [101n, 102n, 103n]);
    const content = new RecordDict([[PROTOCOL_RECORD, record]]);
    const second = await answer(instruction.withContent(content));
    assert.ok(second!.error !== undefined, `${stage}: ${second!.hasContent}`);
    assert.match(second!.error.reason, /asked for (agree|reveal), expected/);
    asked.push(stage);
    if (kept !== undefined) context.state.set(STATE_RECORD, kept);
    return reply;
  };
  const result = await federation.run(secure());
  assert.deepEqual(asked, ["agree", "reveal"]);
  assertMean(federation, result, federation.ids);
});

Deno.test("attack: a server that tells all nodes but one to train something else (model inconsistency)", async () => {
  const filled = ["w", tensor("float32", [4], new Float32Array(4).fill(-100))] as const;
  const changes: Record<string, (content: RecordDict) => RecordDict> = {
    "another model": withArrays([filled, bias]),
    "another dtype": withArrays([zeros("w", "float64"), bias]),
    "another order": withArrays([bias, zeros("w")]),
    "another config": (content) =>
      new RecordDict([...content, ["lr", new ConfigRecord({ lr: 0 })]]),
    "more metrics": (content) => new RecordDict([...content, ["m", new MetricRecord({ lr: 0 })]]),
  };
  for (const [what, change] of Object.entries(changes)) {
    // The nodes with the same instruction are enough to sign and to reveal.
    const federation = await federationOf({ nodes: 6 });
    retold(federation, change, (nodeId) => nodeId !== 104n);
    await assert.rejects(federation.run(secure({ ringBits: 64 })), {
      code: "failed-precondition",
    }, what);
    const notes = federation.notes.join("\n");
    assert.match(notes, /104.*did not sign the survivors and the instruction/, what);
    assert.match(notes, /a masked vector is wrong: this round has no new model/, what);

    const split = await federationOf({ nodes: 6 });
    retold(split, change, (nodeId) => nodeId % 2n === 0n);
    await assert.rejects(split.run(secure()), { code: "failed-precondition" }, what);
    assert.match(split.notes.join("\n"), /3 of 6 nodes signed the survivors/, what);
  }
});

Deno.test("attack: a server that gives one node other settings of the run, or another group", async () => {
  for (const what of ["settings", "group"]) {
    const federation = await federationOf({ nodes: 4 });
    if (what === "settings") federation.contexts.get(104n)!.runConfig.set("lr", 0.5);
    const { answer } = federation.driver;
    federation.driver.answer = (instruction) => {
      const isChanged = what === "group" && instruction.metadata.dstNodeId === 104n;
      const groupId = isChanged ? "7" : instruction.metadata.groupId;
      return answer(instruction.withMetadata({ groupId }));
    };
    await assert.rejects(federation.run(secure()), { code: "failed-precondition" }, what);
    assert.match(
      federation.notes.join("\n"),
      /104.*did not sign the survivors and the instr/,
      what,
    );
  }
});

Deno.test("attack: a second ArrayRecord, from which the handler does not train, is refused by the node", async () => {
  const federation = await federationOf({ nodes: 4 });
  const second = withArrays([zeros("w"), bias], [zeros("w"), bias]);
  retold(federation, second, (nodeId) => nodeId === 102n);
  const { rounds } = await federation.run(secure());
  const { results, failures } = rounds[0]!.train!;
  assert.deepEqual(results, [101n, 103n, 104n]);
  assert.match(failures[0]!.reason, /2 ArrayRecords, expected 1/);
});
