import assert from "node:assert/strict";
import { settle } from "../../base/testing/settle.ts";
import { linkTest } from "./harness.ts";

// The clock stands still unless a test moves it, so a held call that ends was ended by the drain.

linkTest(
  "drain: held pulls end at once without a result, and later ones get nothing",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const hold = { holdSeconds: 20 };
    const held = bench.link.messages.pullInstruction(nodeId, hold);
    const claim = bench.link.runs.claim(hold);
    await settle();
    bench.link.drain();
    assert.equal(await held, undefined);
    assert.equal(await claim, undefined);

    await bench.push(nodeId);
    assert.equal(await bench.link.messages.pullInstruction(nodeId, hold), undefined);
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
    assert.deepEqual(bench.eventsOf("instruction-handed-out"), []);
  },
);

linkTest(
  "drain: who reads a log is refused, because an empty piece would look like its end",
  async (bench) => {
    const { link, runId } = bench;
    await link.runs.appendLog(runId, ["a line\n"]);
    const { latest } = await link.runs.readLog(runId, 0);
    const follow = () => link.runs.readLog(runId, latest, { holdSeconds: 20 });
    const held = assert.rejects(follow(), { code: "unavailable" });
    await settle();
    link.drain();
    await held;
    await assert.rejects(follow(), { code: "unavailable" });
    assert.equal((await link.runs.readLog(runId, 0)).text, "a line\n");
  },
);

linkTest(
  "drain: a ServerApp still sends instructions and gets replies, without a busy loop",
  async (bench) => {
    const { link, clock } = bench;
    const nodeId = await bench.node(1000);
    await bench.push(nodeId);
    const instruction = await link.messages.pullInstruction(nodeId);
    const id = instruction!.messageId;
    const held = link.messages.pullReplies([id], { holdSeconds: 20 });
    await settle();
    link.drain();
    assert.deepEqual(await held, []);

    const startedAt = clock.now();
    const again = link.messages.pullReplies([id], { holdSeconds: 20 }).then((replies) => {
      assert.ok(clock.now() > startedAt, "it waits a little");
      return replies;
    });
    await bench.pass(2);
    assert.deepEqual(await again, []);
    await bench.answer(instruction!);
    assert.equal((await link.messages.pullReplies([id], { holdSeconds: 20 })).length, 1);
  },
);
