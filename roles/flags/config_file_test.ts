import assert from "node:assert/strict";
import { Command, Option } from "commander";
import type { FlwrError } from "../../base/error.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { addConfigOption } from "./config_option.ts";
import { addForeignOptions } from "./foreign_options.ts";
import { UsageError, wholeNumber } from "./values.ts";

/** Runs a command with a configuration file. @returns the flags that its action sees */
async function flagsOf(toml: string | Uint8Array, ...args: string[]): Promise<unknown> {
  await using folder = await TempDir.make();
  const file = `${folder.path}/link.toml`;
  await Deno.writeFile(file, typeof toml === "string" ? new TextEncoder().encode(toml) : toml);
  return await run("--config", file, ...args);
}

async function run(...args: string[]): Promise<unknown> {
  let seen: Record<string, unknown> | undefined;
  const command = new Command("link").exitOverride().configureOutput({ writeErr: () => {} })
    .option("--host <host>", "", "127.0.0.1")
    .option("--port <port>", "", "8000")
    .option("--insecure", "", false)
    .addOption(new Option("--runs <n>").default(4).argParser(wholeNumber({ from: 1 })))
    .addOption(new Option("--mode <mode>").choices(["one", "two"]).default("one"))
    .addOption(
      new Option("--allow-read <folder>").default([]).argParser((
        folder: string,
        before: readonly string[],
      ) => [...before, folder]),
    )
    .action((flags) => {
      seen = flags;
    });
  addConfigOption(command);
  addForeignOptions(command, [
    { flags: "--rest", refusal: () => ({ reason: "it is not there", hint: "Leave it out" }) },
    { flags: "--workers <n>", refusal: () => undefined },
  ]);
  await command.parseAsync(args, { from: "user" });
  const { config: _, ...flags } = seen!;
  return flags;
}

const DEFAULTS = {
  host: "127.0.0.1",
  port: "8000",
  insecure: false,
  runs: 4,
  mode: "one",
  allowRead: [],
};

Deno.test("--config: keys are flags without dashes, and values are parsed like theirs", async () => {
  const toml = `host = "::1"\nport = 9000\ninsecure = true\nruns = 7\nmode = "two"\n` +
    `allow-read = ["/a", "/b"]\n`;
  assert.deepEqual(await flagsOf(toml), {
    host: "::1",
    port: "9000",
    insecure: true,
    runs: 7,
    mode: "two",
    allowRead: ["/a", "/b"],
  });
});

Deno.test("--config: a flag on the command line takes precedence, also with its default value", async () => {
  const toml = `port = "9000"\nruns = 7\nallow-read = ["/a"]\n`;
  assert.deepEqual(
    await flagsOf(toml, "--port", "8000", "--allow-read", "/c"),
    { ...DEFAULTS, runs: 7, allowRead: ["/c"] },
  );
});

Deno.test("--config: an empty file changes nothing, and no file is read without the flag", async () => {
  assert.deepEqual(await flagsOf(""), DEFAULTS);
  assert.deepEqual(await run(), DEFAULTS);
});

Deno.test("--config: a flag of Flower's command that has no effect is accepted", async () => {
  assert.deepEqual(await flagsOf("workers = 3"), { ...DEFAULTS, workers: "3" });
});

const WRONG: Readonly<Record<string, string>> = {
  "a name that no flag has": "prot = 1",
  "the property's name in place of the flag's": `allowRead = ["/a"]`,
  "a file in a file": `config = "other.toml"`,
  "help": "help = true",
  "a text for a switch": `insecure = "yes"`,
  "a number out of bounds": "runs = 0",
  "a fraction for a whole number": "runs = 1.5",
  "another choice": `mode = "three"`,
  "a table": `[host]\nname = "x"`,
  "a list for one value": `host = ["a"]`,
  "one value for a list": `allow-read = "/a"`,
  "a list within a list": `allow-read = [["/a"]]`,
  "a switch for a text": "host = true",
  "a date": "host = 2026-01-01",
  "a flag that is refused": "rest = true",
};

for (const [what, toml] of Object.entries(WRONG)) {
  Deno.test(`--config: ${what} is refused`, async () => {
    await assert.rejects(flagsOf(toml), UsageError);
  });
}

Deno.test("--config: all faults of a file are named at once", async () => {
  await assert.rejects(flagsOf(`prot = 1\nruns = 0\nhost = "::1"`), ({ message }: FlwrError) => {
    assert.ok(message.includes("prot") && message.includes("runs") && !message.includes("host"));
    return true;
  });
});

const UNREADABLE: Readonly<Record<string, readonly [string | Uint8Array, string]>> = {
  "that is no TOML": ["port: 8000", "invalid-argument"],
  "with a key twice": ["port = 1\nport = 2", "invalid-argument"],
  "that is no text": [Uint8Array.of(0xff, 0xfe), "invalid-argument"],
  "that is too large": ["#".repeat(300_000), "resource-exhausted"],
};

for (const [what, [toml, code]] of Object.entries(UNREADABLE)) {
  Deno.test(`--config: a file ${what} is refused`, async () => {
    await assert.rejects(flagsOf(toml), { code });
  });
}

Deno.test("--config: a file that is not there, and a folder, are refused", async () => {
  await assert.rejects(run("--config", "/does/not/exist.toml"), { code: "not-found" });
  await assert.rejects(run("--config", "/"), { code: "invalid-argument" });
});
