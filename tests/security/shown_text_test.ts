/** Text from others, in each place where people read it, must not control the reader's terminal. */
import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { printable } from "../../base/printable.ts";
import { FURTHER_LINE } from "../../base/run_log_lines.ts";
import { HOSTILE_TEXT, UNSEEN_CHARACTERS, unseenIn } from "../../base/testing/unseen.ts";
import { coloursIf } from "../../roles/output/colours.ts";
import { LogText } from "../../roles/output/log_text.ts";
import { nodeColumns } from "../../roles/cli/tables/nodes.ts";
import { runColumns, runDetails, type ShownRun } from "../../roles/cli/tables/runs.ts";
import { tableLines } from "../../roles/output/table.ts";
import { followLog } from "../../roles/cli/log/follow.ts";
import { runState } from "../../roles/cli/log/run_state.ts";
import { readIndex } from "../../roles/cli/pull/index_file.ts";
import { checkServerAppEvent } from "../../hosting/launch/typescript/check_server_app_event.ts";
import { LineLog } from "../../hosting/launch/typescript/thread/line_log.ts";
import { errorLines } from "../../hosting/launch/program.ts";
import type { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import type { NodeSummary } from "../../rpc/dialects/current/client/control_summaries.ts";
import { stampedLog } from "../../rpc/dialects/current/server/pushed_logs.ts";
import { sourceFiles } from "../architecture/source_files.ts";
import { repositoryPath } from "../support/repository.ts";

const SCREEN = { width: undefined, colours: coloursIf(false) };

const RUN = {
  runId: 7n,
  fabId: HOSTILE_TEXT,
  fabVersion: HOSTILE_TEXT,
  fabHash: HOSTILE_TEXT,
  status: HOSTILE_TEXT,
  subStatus: HOSTILE_TEXT,
  details: HOSTILE_TEXT,
  federation: HOSTILE_TEXT,
  seriesId: 1n,
  pendingAt: 1,
  startingAt: undefined,
  runningAt: undefined,
  finishedAt: undefined,
  bytesSent: 1n,
  bytesReceived: 1n,
  clientAppSeconds: 0,
  account: HOSTILE_TEXT,
};

const NODE = {
  nodeId: 7n,
  owner: HOSTILE_TEXT,
  status: HOSTILE_TEXT,
  name: HOSTILE_TEXT,
  location: HOSTILE_TEXT,
} as unknown as NodeSummary;

/** Runs a module of the project in a separate process. @returns its stdout and stderr */
async function output(code: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", repositoryPath("deno.json"), code],
    env: { NO_COLOR: "1" },
    cwd: repositoryPath(""),
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const importing = (names: string, path: string) =>
  `import { ${names} } from ${JSON.stringify(`file://${repositoryPath(path)}`)};\n`;
const TEXT = JSON.stringify(HOSTILE_TEXT);

Deno.test("shown text: an app's output, wherever it is truncated", async () => {
  for (const [kind, characters] of Object.entries(UNSEEN_CHARACTERS)) {
    for (const character of characters) {
      const log = new LogText(true);
      assert.deepEqual(unseenIn(log.next(`a${character}`) + log.end(), "\n\t"), [], kind);
    }
  }
  const written: Uint8Array[] = [];
  const stream = { writeSync: (bytes: Uint8Array) => written.push(bytes.slice()) && bytes.length };
  const control = {
    async *streamLogs() {
      for (const text of HOSTILE_TEXT) yield { text, latest: 1 };
    },
  } as unknown as ControlClient;
  await followLog(control, 7n, { stream, colours: false }, new AbortController().signal);
  const text = new TextDecoder().decode(Uint8Array.from(written.flatMap((bytes) => [...bytes])));
  assert.match(text, /hidden/);
  assert.deepEqual(unseenIn(text, "\n\t"), []);
});

Deno.test("shown text: no line of a log message looks like another writer's", async () => {
  const forged = ["Error: Run 7 failed", "2026-11-30T05:28:18.000Z [ROUND 1/3]", "INFO : forged"];
  for (const lineEnd of ["\n", "\r\n", "\r"]) {
    const text = ["honest", ...forged].join(lineEnd);
    const app: string[] = [];
    const worker = new LineLog((lines) => app.push(...lines), 2 ** 30);
    worker.write(`${text}\n`);
    worker.flush();
    const event = checkServerAppEvent({
      kind: "lines",
      text: new TextEncoder().encode(app.join("")),
    });
    assert.ok(event.kind === "lines");
    const time = new Date().toISOString();
    const pushed = await Array.fromAsync(stampedLog([text, "\n", `${text}\n`], time));
    const log = [
      ...event.lines,
      ...pushed.map(({ begin = "", text }) => begin + text),
      ...errorLines({ message: text, hints: [text] }),
    ].join("");
    const shown = new LogText(false);
    const lines = (shown.next(log) + shown.end()).split("\n").filter((line) => line !== "");
    assert.equal(lines.length, 5 * 4);
    for (const line of lines.filter((line) => !line.includes("honest"))) {
      assert.ok(line.startsWith(FURTHER_LINE), JSON.stringify(line));
    }
  }
});

Deno.test("shown text: flwr ls and flwr supernode list", () => {
  const shown = { run: RUN, status: HOSTILE_TEXT, elapsed: 0 } as unknown as ShownRun;
  const lines = [
    ...tableLines(runColumns(SCREEN), [shown], SCREEN),
    ...runDetails(shown, SCREEN),
    ...tableLines(nodeColumns(SCREEN, 1), [NODE], SCREEN),
  ];
  for (const line of lines) assert.deepEqual(unseenIn(line), []);
  assert.deepEqual(unseenIn(printable(runState(shown))), []);
});

Deno.test("shown text: output and messages of commands, as lines and as JSON", async () => {
  const shown = await output(
    importing("printOutput", "roles/output/format.ts") +
      importing("printMessage", "roles/output/print_line.ts") +
      importing("reportError", "roles/report_error.ts") +
      importing("FlwrError", "base/error.ts") +
      `const text = ${TEXT};
       for (const format of ["default", "json"]) {
         await printOutput(format, () => Promise.resolve({ json: { [text]: text }, lines: [text] }));
         await printOutput(format, () => Promise.reject(new FlwrError("internal", text))).catch(() => {});
       }
       printMessage(text);
       reportError(new FlwrError("not-found", text, { hints: [text] }));
       reportError(new Error(text));`,
  );
  assert.ok(shown.split("hidden").length >= 9, shown);
  assert.deepEqual(unseenIn(shown, "\n\t"), []);
});

for (const format of ["text", "json"]) {
  Deno.test(`shown text: the log as ${format}, including errors with stacks`, async () => {
    const shown = await output(
      importing("configureLog, log", "base/log.ts") +
        importing("logLinkEvent", "roles/superlink/log_events.ts") +
        importing("causedBy", "base/log_limiter.ts") +
        `const text = ${TEXT};
         configureLog({ format: ${JSON.stringify(format)}, verbose: true });
         logLinkEvent({ kind: "run-finished", runId: 7n, state: "finished:failed", details: text });
         logLinkEvent({ kind: "artifact-saved", runId: 7n, name: text, size: 1 });
         log("rpc").error("failed: {error}", { error: new Error(text), ...causedBy(text, text) });
         log("rpc").info("{list} {map}", { list: [text], map: { [text]: text } });`,
    );
    assert.ok(shown.split("hidden").length >= 4, shown);
    assert.deepEqual(unseenIn(shown, "\n"), []);
    // Only the log's own lines begin at the margin.
    if (format === "text") assert.equal(shown.trimEnd().split(/\n(?! )/).length, 4, shown);
  });
}

Deno.test("shown text: names of artifacts", () => {
  const index = JSON.stringify({ artifacts: [{ name: HOSTILE_TEXT, size: 1, sha256: "0" }] });
  assert.throws(() => readIndex(new TextEncoder().encode(index)), (error: Error) => {
    assert.ok(error instanceof FlwrError && error.code === "data-loss");
    assert.deepEqual(unseenIn(error.message), []);
    return true;
  });
});

Deno.test("shown text: commands write to the console only in places that sanitise text", () => {
  const places = sourceFiles()
    .filter(({ path, text }) =>
      path.startsWith("roles/") && !path.startsWith("roles/cli/apps/new/templates/") &&
      /^[^*\n]*\bconsole\.\w+\(/m.test(text)
    )
    .map(({ path }) => path);
  assert.deepEqual(places.sort(), [
    "roles/cli/completion/command.ts", // the project's own scripts
    "roles/output/failure.ts",
    "roles/output/print_line.ts",
    "roles/report_error.ts",
  ]);
});
