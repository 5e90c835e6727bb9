import assert from "node:assert/strict";
import { NIGHTLY } from "../support/nightly.ts";
import { linkTest, object, rootOf } from "./harness.ts";
import { pushComplete } from "./push_complete.ts";

/** Ten seconds each: the messages of the first 30 rounds expire before the end. At night more, for what grows slowly. */
const ROUNDS = NIGHTLY ? 200 : 70;

/** Records of the journal that stay. */
const KEPT_RECORDS = 50;
const LIMITS = { maxJournalDetailsPerRun: KEPT_RECORDS };

linkTest("rounds leave the store as it was", async (bench) => {
  const nodes = [await bench.node(1000), await bench.node(1000), await bench.node(1000)];
  const before = await bench.store.usage();
  for (let round = 0; round < ROUNDS; round++) {
    const model = object(`model ${round}`, [object(`weights ${round}`), object("constant")]);
    const objects = [object("constant"), object(`weights ${round}`), model];
    const instructions = nodes.map((nodeId) =>
      bench.instruction(nodeId, { content: model.id, ttl: 300 })
    );
    const refusals = await pushComplete(bench.link, instructions, [
      ...objects,
      ...instructions.map(rootOf),
    ]);
    assert.ok(refusals.every((refusal) => refusal === undefined));
    assert.ok((await bench.store.usage()).objects >= 3);
    // The first node answers, the second with an error, and the third not at all in every tenth round.
    for (const [index, nodeId] of nodes.entries()) {
      const instruction = (await bench.link.messages.pullInstruction(nodeId))!;
      if (index === 2 && round % 10 === 0) continue;
      const { content: _, ...fields } = bench.reply(instruction);
      const outcome = index === 1
        ? { error: { code: 2, reason: "raised" } }
        : { content: model.id };
      const reply = { ...fields, ...outcome };
      assert.equal(await bench.refusalOf(reply, objects), undefined);
    }
    const ids = instructions.map(({ messageId }) => messageId);
    // In every seventh round the ServerApp is gone and does not pull.
    if (round % 7 !== 0) await bench.link.messages.pullReplies(ids);
    for (const nodeId of nodes) await bench.link.nodes.heartbeat(nodeId, 1000);
    await bench.pass(10, 1);
    const during = await bench.store.usage();
    assert.ok(during.instructions <= 120, `${during.instructions} instructions in round ${round}`);
    assert.ok(during.objects <= 201, `${during.objects} objects in round ${round}`);
  }
  for (let step = 0; step < 10; step++) {
    for (const nodeId of nodes) await bench.link.nodes.heartbeat(nodeId, 1000);
    await bench.pass(100);
  }
  assert.deepEqual(await bench.store.usage(), before);
  const counts = await bench.store.transaction("read-only", (tx) => tx.journal.counts());
  const records = counts.find(({ runId }) => runId === bench.runId)?.details;
  assert.equal(records, KEPT_RECORDS);
}, LIMITS);
