import assert from "node:assert/strict";
import fc from "fast-check";
import type { RunSummary } from "../../rpc/dialects/current/client/control_summaries.ts";
import { coloursIf, statusStyle } from "./colours.ts";
import { FURTHER_LINE } from "../../base/run_log_lines.ts";
import { LogText } from "./log_text.ts";
import { readCount, readId } from "../flags/values.ts";
import { runColumns, runDetails, runJson, showRun } from "../cli/tables/runs.ts";
import { fieldLines, type TableColumn, tableLines } from "./table.ts";
import { durationText, timeText } from "./units.ts";
import { writeText } from "./write_text.ts";

const PLAIN = { width: undefined, colours: coloursIf(false) };

/** The run that `flwr ls --format json` of Flower 1.41 printed as RECORDED. */
const RUN: RunSummary = {
  runId: 15950113740962349189n,
  fabId: "agenta/mini",
  fabVersion: "1.0.0",
  fabHash: "303972c917ff720f5ec31105bb03e8206ccf1ff411ae3589ab099bb3696ed5fd",
  status: "running",
  subStatus: "",
  details: "",
  federation: "@none/default",
  seriesId: 1n,
  pendingAt: Date.parse("2026-11-23T15:55:27.5Z") / 1000,
  startingAt: Date.parse("2026-11-23T15:55:28.1Z") / 1000,
  runningAt: Date.parse("2026-11-23T15:55:32.25Z") / 1000,
  finishedAt: undefined,
  bytesSent: 3038n,
  bytesReceived: 26n,
  clientAppSeconds: 0,
  account: "none",
};
const NOW = Date.parse("2026-11-23T15:55:40.75Z") / 1000;

const RECORDED = {
  "run-id": "15950113740962349189",
  "federation-id": "@none/default",
  "fab-id": "agenta/mini",
  "fab-name": "mini",
  "fab-version": "1.0.0",
  "fab-hash": "303972c917ff720f5ec31105bb03e8206ccf1ff411ae3589ab099bb3696ed5fd",
  status: "running",
  "status-details": "N/A",
  elapsed: 8.5,
  "pending-at": "2026-11-23 15:55:27Z",
  "starting-at": "2026-11-23 15:55:28Z",
  "running-at": "2026-11-23 15:55:32Z",
  "finished-at": "N/A",
  "network-traffic": { "inbound-bytes": 26, "outbound-bytes": 3038, "total-bytes": 3064 },
  "compute-time": { "serverapp-seconds": 8.5, "clientapp-seconds": 0, "total-seconds": 8.5 },
};

Deno.test("runs: one to which a node contributed nothing is shown as incomplete", () => {
  const details = "Incomplete: 1 of 2 nodes contributed nothing: node 7";
  const shown = (subStatus: string) =>
    showRun({ ...RUN, status: "finished", subStatus, details }, NOW);
  const completed = shown("completed");
  assert.deepEqual(
    [runJson(completed)["status"], runJson(completed)["incomplete"]],
    ["finished:completed", true],
  );
  const lines = [
    ...tableLines(runColumns(PLAIN), [completed], PLAIN),
    ...runDetails(completed, PLAIN),
  ];
  assert.equal(lines.join("\n").split("finished:completed (incomplete)").length, 3);
  assert.equal(runJson(shown("failed"))["incomplete"], false);
});

Deno.test("runs: JSON has the fields of Flower's own command, and one more", () => {
  assert.deepEqual(runJson(showRun(RUN, NOW)), { ...RECORDED, incomplete: false });
});

Deno.test("runs: a table has one line per run, details have all fields", () => {
  const finished = { ...RUN, status: "finished", subStatus: "failed", finishedAt: NOW + 100 };
  const shown = [showRun(finished, NOW + 500), showRun(RUN, NOW)];
  assert.deepEqual(tableLines(runColumns(PLAIN), shown, PLAIN), [
    "RUN ID                FEDERATION     APP                  STATUS           ELAPSED  STATUS CHANGED",
    "15950113740962349189  @none/default  @agenta/mini==1.0.0  finished:failed  1m 48s   2026-11-23 15:57:20Z",
    "15950113740962349189  @none/default  @agenta/mini==1.0.0  running          8s       2026-11-23 15:55:32Z",
  ]);
  const details = runDetails({ ...shown[0]!, run: { ...finished, details: "a\nb" } }, PLAIN);
  assert.ok(details.includes("Details         a\\nb"));
  assert.ok(details.includes("Traffic out     3.0 kB"));
});

Deno.test("table: a narrow terminal leaves out columns, never parts of an id; colours do not count", () => {
  const columns: TableColumn<string>[] = [
    { title: "ID", cell: (row) => row, style: () => coloursIf(true).good },
    { title: "LAST", cell: () => "stays", dropOrder: 2 },
    { title: "FIRST", cell: () => "goes", dropOrder: 1 },
  ];
  const lines = (width: number) => tableLines(columns, ["1234567890", "1"], { ...PLAIN, width });
  assert.deepEqual(lines(22), [
    "ID          LAST",
    "\x1b[32m1234567890\x1b[39m  stays",
    "\x1b[32m1\x1b[39m           stays",
  ]);
  assert.equal(lines(24)[0], "ID          LAST   FIRST");
  assert.deepEqual(lines(3), ["ID", "\x1b[32m1234567890\x1b[39m", "\x1b[32m1\x1b[39m"]);
});

Deno.test("table: without rows there are headings; fields are aligned", () => {
  assert.deepEqual(tableLines(runColumns(PLAIN), [], PLAIN).length, 1);
  const colours = coloursIf(true);
  assert.deepEqual(fieldLines([["A", "1"], ["Longer", "2", colours.bad]], { ...PLAIN, colours }), [
    "\x1b[1mA\x1b[22m       1",
    "\x1b[1mLonger\x1b[22m  \x1b[31m2\x1b[39m",
  ]);
});

Deno.test("colours: each status has one, unless they are off", () => {
  const on = coloursIf(true);
  assert.equal(statusStyle("finished:completed", on), on.good);
  assert.equal(statusStyle("finished:stopped", on), on.warning);
  assert.equal(statusStyle("offline", on), on.warning);
  assert.equal(statusStyle("pending", on), on.muted);
  assert.equal(statusStyle("failed", coloursIf(false))("x"), "x");
});

Deno.test("units: times and durations as Flower prints them", () => {
  assert.deepEqual([0, 89.9, 90, 3599, 3600, 86_399, 86_400, 200_000].map(durationText), [
    "0s",
    "89s",
    "1m 30s",
    "59m 59s",
    "1h 0m",
    "23h 59m",
    "1d 0h",
    "2d 7h",
  ]);
  assert.deepEqual([timeText(undefined), timeText(0)], ["N/A", "N/A"]);
});

Deno.test("ids: all integers of 64 bits and nothing else", () => {
  assert.equal(readId("18446744073709551615"), 18446744073709551615n);
  for (const text of ["18446744073709551616", "-1", "1e3", "0x1", "", " 1", "１"]) {
    assert.throws(() => readId(text), /It must be an id/, text);
  }
  assert.equal(readCount("20"), 20);
  for (const text of ["0", "-1", "1.5", "x", ""]) assert.throws(() => readCount(text), /1 or more/);
});

Deno.test("log text: colours stay on a terminal, control sequences do not", () => {
  const text = "\x1b[92mINFO\x1b[0m 50%\r\t100%\n\x1b[2J\x1b]0;title\x07";
  assert.equal(
    new LogText(true).next(text),
    `\x1b[92mINFO\x1b[0m 50%\n${FURTHER_LINE}\t100%\n\\u001b[2J\\u001b]0;title\\u0007`,
  );
  assert.equal(new LogText(false).next("\x1b[92mINFO\x1b[0m\n"), "INFO\n");
});

Deno.test("log text: colours that hide text are removed, others end with their line", () => {
  const shown = (text: string) => {
    const log = new LogText(true);
    return log.next(text) + log.end();
  };
  for (const hidden of ["8", "5", "7", "30", "37", "40", "107", "38;5;0", "31;8", "90;40", "2"]) {
    assert.equal(shown(`\x1b[${hidden}mx`), "x", hidden);
  }
  assert.equal(shown("\x1b[1;31mx\ny"), "\x1b[1;31mx\x1b[0m\ny");
  assert.equal(shown("\x1b[31mx\rError: forged"), `\x1b[31mx\x1b[0m\n${FURTHER_LINE}Error: forged`);
  assert.equal(shown("\x1b[31mx"), "\x1b[31mx\x1b[0m");
  assert.equal(shown("x\r\ny\r"), "x\ny");
  assert.equal(
    shown("\x1b[32mx\r\x1b[31my"),
    `\x1b[32mx\x1b[0m\n${FURTHER_LINE}\x1b[31my\x1b[0m`,
  );
});

Deno.test("log text: a carriage return without text after it adds no empty line", () => {
  for (const text of ["x\r\r\n", "x\r\r\x1b[31m\n", "x\r\n", "x\r\x1b[31m\x1b[0m\r\n"]) {
    for (const colours of [false, true]) {
      const log = new LogText(colours);
      assert.equal(log.next(text) + log.next("y\n") + log.end(), "x\ny\n", JSON.stringify(text));
    }
  }
});

Deno.test("log text: pieces give the same result, wherever the text is split", () => {
  const whole = fc.array(fc.constantFrom("\x1b", "[", "3", ";", "1", "m", "x", "\n", "\r"), {
    maxLength: 12,
  }).map((parts) => parts.join(""));
  fc.assert(fc.property(whole, fc.nat(12), fc.boolean(), (text, at, colours) => {
    const cut = new LogText(colours);
    const pieces = cut.next(text.slice(0, at)) + cut.next(text.slice(at)) + cut.end();
    const once = new LogText(colours);
    assert.equal(pieces, once.next(text) + once.end());
  }));
});

Deno.test("writing: all bytes are written, and a closed reader is reported", () => {
  const written: number[] = [];
  const slow = { writeSync: (bytes: Uint8Array) => written.push(bytes[0]!) && 1 };
  assert.equal(writeText(slow, "äb"), true);
  assert.deepEqual(new TextDecoder().decode(Uint8Array.from(written)), "äb");
  const gone = {
    writeSync: () => {
      throw new Deno.errors.BrokenPipe("gone");
    },
  };
  assert.equal(writeText(gone, "x"), false);
});
