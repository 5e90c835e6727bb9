import assert from "node:assert/strict";
import { linkTest } from "../../tests/link/harness.ts";

linkTest("a log is read from where one left off", async (bench) => {
  const { link, runId } = bench;
  assert.deepEqual(await link.runs.readLog(runId, 0), { text: "", latest: 0, finished: false });
  await link.runs.appendLog(runId, ["one\n", "two"]);
  await link.runs.appendLog(runId, []);
  const first = await link.runs.readLog(runId, 0);
  assert.deepEqual(first, { text: "one\ntwo", latest: bench.clock.now(), finished: false });
  await link.runs.appendLog(runId, ["\n", "drei ü\0\n"]);
  const second = await link.runs.readLog(runId, first.latest);
  assert.equal(second.text, "\ndrei ü\0\n");
  assert.ok(second.latest > first.latest);
  const all = await link.runs.readLog(runId, 0);
  assert.deepEqual(all, { ...second, text: "one\ntwo\ndrei ü\0\n" });
  const none = await link.runs.readLog(runId, second.latest);
  assert.deepEqual(none, { text: "", latest: second.latest, finished: false });
});

linkTest("a held reader hears of new lines, and of the end", async (bench) => {
  const { link, runId } = bench;
  const lines = link.runs.readLog(runId, 0, { holdSeconds: 20 });
  await link.runs.appendLog(runId, ["news"]);
  const { text, latest } = await lines;
  assert.equal(text, "news");
  const end = link.runs.readLog(runId, latest, { holdSeconds: 20 });
  await link.runs.stop(runId);
  assert.deepEqual(await end, { text: "", latest, finished: true });
  const later = await link.runs.readLog(runId, 0, { holdSeconds: 20 });
  assert.deepEqual(later, { text: "news", latest, finished: true });
});

linkTest("of a long log the end is kept", async (bench) => {
  const { link, runId } = bench;
  for (let line = 0; line < 100; line++) await link.runs.appendLog(runId, [`${line % 10}`]);
  const { text } = await link.runs.readLog(runId, 0);
  assert.equal(text, "01234567890123456789");
  await link.runs.appendLog(runId, ["x".repeat(15), "y".repeat(15)]);
  assert.equal((await link.runs.readLog(runId, 0)).text, "xxxxxyyyyyyyyyyyyyyy");
  await link.runs.appendLog(runId, ["a long first line\n", "second\n"]);
  // What is cut begins with a line.
  assert.equal((await link.runs.readLog(runId, 0)).text, "xxxxxyyyyyyyyyyyyyyysecond\n");
}, { maxLogBytesPerRun: 20 });

linkTest("there is no log of a run that is not known", async (bench) => {
  await assert.rejects(bench.link.runs.appendLog(7n, ["x"]), { code: "not-found" });
  await assert.rejects(bench.link.runs.readLog(7n, 0, { holdSeconds: 20 }), { code: "not-found" });
});
