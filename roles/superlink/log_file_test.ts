import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { RotatingLogFile } from "./log_file.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";

const encoder = new TextEncoder();

async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name } of Deno.readDir(folder)) {
    found[name] = await Deno.readTextFile(`${folder}/${name}`);
  }
  return found;
}

Deno.test("a log file is rotated after its interval, and the oldest is removed", async () => {
  await inTemporaryFolder(async (folder) => {
    const clock = new FakeClock();
    using file = new RotatingLogFile({
      file: `${folder}/log`,
      intervalHours: 2,
      maxBytes: 1000,
      backupCount: 2,
      clock,
    });
    for (const line of ["a\n", "b\n", "c\n", "d\n"]) {
      file.write(encoder.encode(line));
      await clock.advance(3600);
      file.write(encoder.encode(line));
      await clock.advance(3600);
    }
    assert.deepEqual(await contents(folder), {
      "log": "d\nd\n",
      "log.1": "c\nc\n",
      "log.2": "b\nb\n",
    });
  });
});

Deno.test("a log file is rotated before it becomes too large, also an existing one", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/log`, "before\n");
    using file = new RotatingLogFile({
      file: `${folder}/log`,
      intervalHours: 24,
      maxBytes: 10,
      backupCount: 2,
    });
    for (const line of ["1234\n", "5678\n", "9\n", "longer than a file\n", "end\n"]) {
      file.write(encoder.encode(line));
    }
    assert.deepEqual(await contents(folder), {
      "log": "end\n",
      "log.1": "longer than a file\n",
      "log.2": "9\n",
    });
  });
});

Deno.test("without backups a rotated log is removed", async () => {
  await inTemporaryFolder(async (folder) => {
    const clock = new FakeClock();
    using file = new RotatingLogFile({
      file: `${folder}/log`,
      intervalHours: 1,
      maxBytes: 1000,
      backupCount: 0,
      clock,
    });
    file.write(encoder.encode("old\n"));
    await clock.advance(3600);
    file.write(encoder.encode("new\n"));
    assert.deepEqual(await contents(folder), { log: "new\n" });
  });
});

Deno.test("an existing log file is appended to", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/log`, "before\n");
    using file = new RotatingLogFile({
      file: `${folder}/log`,
      intervalHours: 24,
      maxBytes: 1000,
      backupCount: 7,
    });
    file.write(encoder.encode("after\n"));
    assert.deepEqual(await contents(folder), { log: "before\nafter\n" });
  });
});

Deno.test("the error for a log file that cannot be written names it", () => {
  assert.throws(
    () =>
      new RotatingLogFile({
        file: "/nowhere/at/all/log",
        intervalHours: 1,
        maxBytes: 1000,
        backupCount: 1,
      }),
    (error) =>
      error instanceof FlwrError &&
      /^--log-file: cannot write file "\/nowhere\/at\/all\/log"/.test(error.message),
  );
});

Deno.test("if no new file can be opened, no older one is removed, and lines are still written", async () => {
  await inTemporaryFolder(async (folder) => {
    const clock = new FakeClock();
    using file = new RotatingLogFile({
      file: `${folder}/log`,
      intervalHours: 24,
      maxBytes: 5,
      backupCount: 2,
      clock,
    });
    for (const line of ["1234\n", "5678\n"]) file.write(encoder.encode(line));
    const { openSync } = Deno;
    try {
      Deno.openSync = () => {
        throw new Error("Too many open files");
      };
      for (const line of ["a\n", "b\n", "c\n"]) file.write(encoder.encode(line));
    } finally {
      Deno.openSync = openSync;
    }
    assert.deepEqual(await contents(folder), { "log": "5678\na\nb\nc\n", "log.1": "1234\n" });
    await clock.advance(60);
    file.write(encoder.encode("d\n"));
    assert.deepEqual(await contents(folder), {
      "log": "d\n",
      "log.1": "5678\na\nb\nc\n",
      "log.2": "1234\n",
    });
  });
});
