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
  await eventually(
    async () => (child = await Deno.readTextFile(file).catch(() => "")) !== "",
    20,
    "the program to start",
  );
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

testWithAllRights(
  "a program ends with all that it started when the process that started it is killed",
  async () => {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/pids`;
    try {
      // It ignores what a polite program would obey.
      const script = `trap '' INT TERM HUP; sleep 600 & echo $$ $! > ${file}.new; ` +
        `mv ${file}.new ${file}; wait; wait`;
      const options = { program: "/bin/sh", args: ["-c", script], env: {} };
      const module = import.meta.resolve("./run_program.ts");
      const starter = new Deno.Command(Deno.execPath(), {
        args: [
          "eval",
          `import { runProgram } from "${module}";
await runProgram({ ...${JSON.stringify(options)}, signal: new AbortController().signal });`,
        ],
        stdout: "null",
        stderr: "null",
      }).spawn();
      let pids = "";
      await eventually(
        async () => (pids = await Deno.readTextFile(file).catch(() => "")) !== "",
        60,
        "the program to start",
      );
      starter.kill("SIGKILL");
      await starter.status;
      for (const pid of pids.trim().split(" ")) await gone(Number(pid));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWithAllRights(
  "a program that does not exist, or is not executable, is not started",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/text`, "");
      const start = (program: string) => runProgram({ program, args: [], env: {}, signal: never });
      await assert.rejects(start(`${folder}/nothing`), Deno.errors.NotFound);
      await assert.rejects(start(`${folder}/text`), Deno.errors.PermissionDenied);
      await assert.rejects(start(folder), Deno.errors.PermissionDenied);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
