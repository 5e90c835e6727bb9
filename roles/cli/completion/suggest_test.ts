import assert from "node:assert/strict";
import { join } from "node:path";
import { withEnvironment } from "../../../base/testing/environment.ts";
import { COMMAND_TABLE, listedCommands } from "../../commands.ts";
import { suggest } from "./suggest.ts";

async function values(...words: string[]): Promise<string[]> {
  return (await suggest(words, COMMAND_TABLE)).map(({ value }) => value);
}

/** Runs a body with a config.toml in FLWR_HOME. */
async function withConfig(text: string, body: () => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "flwr-complete-" });
  await Deno.writeTextFile(join(home, "config.toml"), text);
  try {
    await withEnvironment({ FLWR_HOME: home }, body);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("completion: the first word is a command", async () => {
  assert.deepEqual(await values(""), listedCommands().map(({ name }) => name));
  assert.deepEqual(await values("super"), ["superlink", "supernode", "superexec"]);
  assert.deepEqual(await values("nope", ""), []);
});

Deno.test("completion: subcommands, and options, each suggested once", async () => {
  assert.deepEqual(await values("supernode", ""), ["register", "unregister", "list"]);
  assert.deepEqual(await values("federation", "l"), ["list"]);
  assert.deepEqual(await values("ls", "--li"), ["--limit"]);
  assert.deepEqual(await values("list", "--limit", "3", "--li"), []);
  const options = await values("supernode", "ls", "-");
  assert.ok(options.includes("--verbose") && options.includes("--help"));
  assert.ok(!options.includes("--node-config"), "what belongs to the command above is not");
  assert.deepEqual(await values("supernode", "--superlink", "list", "--node-c"), ["--node-config"]);
});

Deno.test("completion: values of options: choices, file names, or nothing", async () => {
  assert.deepEqual(await values("ls", "--format", ""), ["default", "json"]);
  assert.deepEqual(await values("ls", "--format", "j"), ["json"]);
  assert.deepEqual(await values("superlink", "--ssl-certfile", "ce"), [":files"]);
  assert.deepEqual(await values("ls", "--limit", ""), []);
  assert.deepEqual(await values("completion", ""), ["bash", "zsh", "fish"]);
  assert.deepEqual(await values("install", "x"), [":files"]);
});

Deno.test("completion: SUPERLINK is a connection of config.toml; a missing or invalid file gives none", async () => {
  const two = '[superlink]\ndefault = "near"\n[superlink.near]\naddress = "a:1"\n[superlink.far]\n';
  await withConfig(two, async () => {
    assert.deepEqual(await values("ls", ""), ["near", "far"]);
    assert.deepEqual(await values("ls", "--limit", "2", "f"), ["far"]);
    assert.deepEqual(await values("ls", "near", ""), []);
    assert.deepEqual(await values("log", "7", ""), ["near", "far"]);
    assert.deepEqual(await values("run", ".", "n"), ["near"]);
    assert.deepEqual(await values("run", "--", "."), [":files"]);
  });
  await withConfig("[superlink", async () => {
    assert.deepEqual(await values("ls", ""), []);
    assert.deepEqual(await values("stop", ""), []);
  });
});
