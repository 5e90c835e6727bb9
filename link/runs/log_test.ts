import assert from "node:assert/strict";
import { linkTest } from "../../tests/link/harness.ts";

const NOTHING = { text: "", more: false, endsLine: true, finished: false };

linkTest("a log is read from where the last read ended", async (bench) => {
  const { link, runId } = bench;
  assert.deepEqual(await link.runs.readLog(runId, 0), { ...NOTHING, latest: 0 });
  await link.runs.appendLog(runId, ["one\n", "two"]);
  await link.runs.appendLog(runId, []);
  const first = await link.runs.readLog(runId, 0);
  const { text, latest, more, endsLine } = first;
  assert.deepEqual([text, latest], ["one\ntwo", bench.clock.now()]);
  assert.deepEqual([more, endsLine, first.finished], [false, false, false]);
  await link.runs.appendLog(runId, ["\n", "drei ü\0\n"], "");
  const second = await link.runs.readLog(runId, first.latest);
  assert.equal(second.text, "\ndrei ü\0\n");
  assert.ok(second.latest > first.latest);
  const all = await link.runs.readLog(runId, 0);
  assert.deepEqual(all, { ...second, text: "one\ntwo\ndrei ü\0\n" });
  const none = await link.runs.readLog(runId, second.latest);
  assert.deepEqual(none, { ...NOTHING, latest: second.latest });
});

linkTest("a long poll of a log returns new lines and the end", async (bench) => {
  const { link, runId } = bench;
  const lines = link.runs.readLog(runId, 0, { holdSeconds: 20 });
  await link.runs.appendLog(runId, ["news"]);
  const { text, latest } = await lines;
  assert.equal(text, "news");
  const end = link.runs.readLog(runId, latest, { holdSeconds: 20 });
  await link.runs.stop(runId);
  const over = { more: false, endsLine: false, finished: true };
  assert.deepEqual(await end, { text: "", latest, ...over });
  const later = await link.runs.readLog(runId, 0, { holdSeconds: 20 });
  assert.deepEqual(later, { text: "news", latest, ...over });
});

linkTest("the end of a long log is kept, from the beginning of a line", async (bench) => {
  const { link, runId } = bench;
  for (let line = 0; line < 100; line++) await link.runs.appendLog(runId, [`${line % 10}\n`]);
  assert.equal((await link.runs.readLog(runId, 0)).text, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  await link.runs.appendLog(runId, ["a long first line\n", "second\n"]);
  assert.equal((await link.runs.readLog(runId, 0)).text, "3\n4\n5\n6\n7\n8\n9\nsecond\n");
}, { maxLogBytesPerRun: 20 });

linkTest("a log trimmed within a line does not begin with the rest of that line", async (bench) => {
  const { link, runId } = bench;
  const FORGED = "Run 7 failed";
  const check = async () => {
    const { text } = await link.runs.readLog(runId, 0);
    assert.ok(text.includes(FORGED), text);
    for (const line of text.split("\n")) assert.ok(/^( {25}|TIME |$)/.test(line), text);
  };
  // Piece by piece, at once, and in one line without an end.
  for (const piece of ["xxxxx", "x".repeat(30), FORGED, "\n"]) {
    await link.runs.appendLog(runId, [piece], "TIME ");
  }
  await check();
  await link.runs.appendLog(runId, [`${"x".repeat(100)}\n`, `TIME ${FORGED}\n`]);
  await check();
  await link.runs.appendLog(runId, [`${"x".repeat(60)}${FORGED}`], "TIME ");
  await check();
  await link.runs.appendLog(runId, [`${"x".repeat(60)}${FORGED}\n`], "TIME ");
  await check();
  // A piece with its own time, on its own line.
  for (const end of ["", "\n"]) {
    await link.runs.appendLog(runId, ["TIME one\n"]);
    await link.runs.appendLog(runId, [`TIME ${"x".repeat(60)}${FORGED}${end}`], "");
    await check();
  }
}, { maxLogBytesPerRun: 40, maxLogEntryLength: 16 });

linkTest(
  "each of two writers starts on its own line or continues its own line",
  async (bench) => {
    const { link, runId } = bench;
    await link.runs.appendLog(runId, ["one"], "TIME ");
    await link.runs.appendLog(runId, [" two"], "TIME ");
    await link.runs.appendLog(runId, ["Error: broken\n"]);
    await link.runs.appendLog(runId, [" three\n"], "TIME ");
    await link.runs.appendLog(runId, ["four\n"]);
    const { text } = await link.runs.readLog(runId, 0);
    assert.equal(text, "TIME one two\nError: broken\nTIME  three\nfour\n");
  },
);

linkTest("a long log is kept and read in parts", async (bench) => {
  const { link, runId } = bench;
  const lines = Array.from({ length: 500 }, (_, place) => `line ${place} ü\n`);
  await link.runs.appendLog(runId, [...lines, "𝕏".repeat(40)]);
  let text = "";
  let parts = 0;
  for (let after = 0, more = true; more; parts++) {
    const piece = await link.runs.readLog(runId, after, { bytes: 200 });
    assert.ok(piece.text.length <= 200 + 16);
    assert.equal(piece.endsLine, piece.text.endsWith("\n"));
    ({ latest: after, more } = piece);
    text += piece.text;
  }
  assert.ok(parts > 20);
  assert.equal(text, [...lines, "𝕏".repeat(40)].join(""));
  await link.runs.stop(runId);
  const first = await link.runs.readLog(runId, 0, { bytes: 200 });
  assert.deepEqual([first.more, first.finished], [true, false]);
  const { latest } = await link.runs.readLog(runId, 0);
  const end = { text: "", latest, more: false, endsLine: false, finished: true };
  assert.deepEqual(await link.runs.readLog(runId, latest, { bytes: 200 }), end);
}, { maxLogEntryLength: 16 });

linkTest("a trimmed text begins with a whole character", async (bench) => {
  for (const end of ["", "x"]) {
    await bench.link.runs.appendLog(bench.runId, [`${"😀".repeat(50)}${end}\n`]);
    const { text } = await bench.link.runs.readLog(bench.runId, 0);
    assert.ok(text.includes("😀") && !text.includes("\ufffd") && text.isWellFormed());
  }
}, { maxLogBytesPerRun: 40 });

linkTest("an unknown run has no log", async (bench) => {
  await assert.rejects(bench.link.runs.appendLog(7n, ["x"]), { code: "not-found" });
  await assert.rejects(bench.link.runs.readLog(7n, 0, { holdSeconds: 20 }), { code: "not-found" });
});
