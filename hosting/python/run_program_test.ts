import assert from "node:assert/strict";
import { runProgram } from "./run_program.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";
import { eventually } from "../../tests/support/deadline.ts";

const never = new AbortController().signal;

/** Whether a process is running. A zombie counts as ended. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}

async function gone(pid: number): Promise<void> {
  await eventually(async () => !await isAlive(pid), 20, `process ${pid} to end`);
}

/** Starts a shell that writes its child's process id to a file once all is set up, and then waits. */
async function startWithChild(setUp: string) {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/child`;
  const controller = new AbortController();
  const end = runProgram({
    program: "/bin/sh",
    args: ["-c", `${setUp} sleep 600 & echo $! > ${file}.new; mv ${file}.new ${file}; wait; wait`],
    env: {},
    signal: controller.signal,
  });
  let child = "";
  while (child === "") child = await Deno.readTextFile(file).catch(() => "");
  await Deno.remove(folder, { recursive: true });
  return { controller, end, child: Number(child) };
}

testWithAllRights("the exit status and the last output of a program are returned", async () => {
  const end = await runProgram({
    program: "/bin/sh",
    args: ["-c", "echo out; echo err $WORD >&2; exit 3"],
    env: { WORD: "given" },
    signal: never,
  });
  assert.equal(end.code, 3);
  assert.match(end.output, /out\n/);
  assert.match(end.output, /err given\n/);
});

testWithAllRights("a program's output is passed on in complete lines, as it arrives", async () => {
  const lines: string[] = [];
  await runProgram({
    program: "/bin/sh",
    args: ["-c", "printf 'one\\ntw'; printf 'o\\n\\nrest'"],
    env: {},
    signal: never,
    onLine: (line) => lines.push(line),
  });
  assert.deepEqual(lines, ["one", "two", "", "rest"]);
});

testWithAllRights("only the end of a long output is kept", async () => {
  const { output } = await runProgram({
    program: "/bin/sh",
    args: ["-c", "seq 1 20000"],
    env: {},
    signal: never,
  });
  assert.match(output, /19999\n20000\n$/);
  assert.ok(output.length <= 16 * 1024);
});

testWithAllRights("an aborted program ends with all that it started", async () => {
  const { controller, end, child } = await startWithChild("");
  controller.abort();
  const { code, signal } = await end;
  assert.ok(signal === "SIGINT" || code !== 0, "it did not end by itself");
  await gone(child);
});

testWithAllRights(
  "a program that ignores SIGINT is killed with its child processes",
  async () => {
    const { controller, end, child } = await startWithChild("trap '' INT;");
    controller.abort();
    assert.equal((await end).signal, "SIGKILL");
    await gone(child);
  },
);

testWithAllRights("what a program leaves behind when it ends goes with it", async () => {
  const folder = await Deno.makeTempDir();
  await runProgram({
    program: "/bin/sh",
    args: ["-c", `sleep 600 >/dev/null 2>&1 & echo $! > ${folder}/child`],
    env: {},
    signal: never,
  });
  await gone(Number(await Deno.readTextFile(`${folder}/child`)));
  await Deno.remove(folder, { recursive: true });
});
