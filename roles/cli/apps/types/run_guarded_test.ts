import assert from "node:assert/strict";
import { join } from "node:path";
import { runGuarded } from "./run_guarded.ts";
import { HAS_ALL_RIGHTS, testWithAllRights } from "../../../../base/testing/all_rights.ts";
import { eventually } from "../../../../tests/support/deadline.ts";
import { inTemporaryFolder } from "../../../../base/testing/temporary_folder.ts";

const NEVER = new AbortController().signal;
const isUnix = Deno.build.os !== "windows";

/** A program that writes its process id to a file, and then waits. */
function sleeper(file: string): string[] {
  const code = `Deno.writeTextFileSync(${JSON.stringify(`${file}.new`)}, String(Deno.pid));
    Deno.renameSync(${JSON.stringify(`${file}.new`)}, ${JSON.stringify(file)});
    setInterval(() => {}, 1000);`;
  return ["eval", code];
}

async function idIn(file: string): Promise<number> {
  let text = "";
  await eventually(
    () => {
      try {
        text = Deno.readTextFileSync(file);
      } catch {
        // The program has not started yet.
      }
      return text !== "";
    },
    20,
    "the program's id",
  );
  return Number(text);
}

function isRunning(pid: number): boolean {
  try {
    // A zombie still exists.
    if (Deno.build.os !== "linux") Deno.kill(pid, "SIGCONT");
    else return !/\) [ZX] /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
    return true;
  } catch {
    return false;
  }
}

testWithAllRights("guarded: the program's exit status and stderr are returned", async () => {
  const run = (code: string) =>
    runGuarded({
      program: Deno.execPath(),
      args: ["eval", code],
      cwd: ".",
      env: { GIVEN: "a 'value'" },
      signal: NEVER,
    });
  assert.deepEqual(await run(""), { success: true, stderr: "" });
  const failing =
    'await Deno.stderr.write(new TextEncoder().encode(Deno.env.get("GIVEN"))); Deno.exit(7);';
  assert.deepEqual(await run(failing), { success: false, stderr: "a 'value'" });
});

testWithAllRights("guarded: a signal ends the program", () =>
  inTemporaryFolder(async (folder) => {
    const file = join(folder, "pid");
    const stop = new AbortController();
    const reason = new Error("stop");
    const running = runGuarded({
      ...{ program: Deno.execPath(), args: sleeper(file), cwd: folder, env: {} },
      signal: stop.signal,
    });
    const pid = await idIn(file);
    assert.ok(isRunning(pid));
    stop.abort(reason);
    await assert.rejects(running, reason);
    await eventually(() => !isRunning(pid), 20, "the program to end");
  }));

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  Deno.test({
    name: `guarded: a program does not outlive the process that runs it: ${signal}`,
    ignore: !isUnix || !HAS_ALL_RIGHTS,
    fn: () =>
      inTemporaryFolder(async (folder) => {
        const file = join(folder, "pid");
        const module = new URL("./run_guarded.ts", import.meta.url).href;
        const program = JSON.stringify({
          ...{ program: Deno.execPath(), args: sleeper(file), cwd: folder, env: {} },
        });
        const parent = new Deno.Command(Deno.execPath(), {
          args: [
            "eval",
            `import { runGuarded } from ${JSON.stringify(module)};
             await runGuarded({ ...${program}, signal: new AbortController().signal });`,
          ],
        }).spawn();
        const pid = await idIn(file);
        assert.ok(isRunning(pid));
        parent.kill(signal);
        assert.equal((await parent.status).success, false);
        await eventually(() => !isRunning(pid), 20, "the program to end");
      }),
  });
}

/** The process group of a process. */
function groupOf(pid: number): string | undefined {
  return /\) \S \d+ (\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/stat`))?.[1];
}

Deno.test({
  name: "guarded: a terminal's Ctrl-C reaches neither the program nor what watches over it",
  ignore: Deno.build.os !== "linux" || !HAS_ALL_RIGHTS,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, "pid");
      const stop = new AbortController();
      const running = runGuarded({
        ...{ program: Deno.execPath(), args: sleeper(file), cwd: folder, env: {} },
        signal: stop.signal,
      });
      const pid = await idIn(file);
      const [, parent] = /\) \S (\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/stat`))!;
      const groups = [pid, Number(parent)].map(groupOf);
      stop.abort(new Error("stop"));
      await assert.rejects(running, { message: "stop" });
      assert.deepEqual(groups, [groups[0], groups[0]]);
      assert.notEqual(groups[0], groupOf(Deno.pid));
    }),
});
