import assert from "node:assert/strict";
import { join } from "node:path";
import { installCompletion, type UserFolders } from "./install.ts";
import { completionScript } from "./scripts.ts";

async function withHome(body: (folders: UserFolders) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "flwr's home-" });
  try {
    await body({ home, config: join(home, ".config") });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("completion: a shell's start file keeps its content, and gets the line once", () =>
  withHome(async (folders) => {
    const startFile = join(folders.home, ".zshrc");
    await Deno.writeTextFile(startFile, "alias ll='ls -l'"); // no end of the line
    const first = await installCompletion("zsh", folders);
    assert.deepEqual(first, { script: join(folders.home, ".zfunc", "_flwr"), changed: startFile });
    assert.equal(await Deno.readTextFile(first.script), completionScript("zsh") + "\n");
    const text = "alias ll='ls -l'\nfpath+=~/.zfunc; autoload -Uz compinit; compinit\n";
    assert.equal(await Deno.readTextFile(startFile), text);

    await Deno.writeTextFile(first.script, "an older script");
    assert.deepEqual(await installCompletion("zsh", folders), { script: first.script });
    assert.equal(await Deno.readTextFile(first.script), completionScript("zsh") + "\n");
    assert.equal(await Deno.readTextFile(startFile), text);
  }));

Deno.test("completion: fish finds the script by itself", () =>
  withHome(async (folders) => {
    const { script, changed } = await installCompletion("fish", folders);
    assert.equal(changed, undefined);
    assert.equal(script, join(folders.config, "fish", "completions", "flwr.fish"));
    assert.deepEqual([...Deno.readDirSync(folders.home)].map(({ name }) => name), [".config"]);
  }));

Deno.test("completion: the error for a file that cannot be written names it", () =>
  withHome(async (folders) => {
    await Deno.writeTextFile(join(folders.home, ".bash_completions"), "a file, not a folder");
    await assert.rejects(installCompletion("bash", folders), {
      code: "failed-precondition",
      message: /\.bash_completions\/flwr\.sh"/,
    });
  }));
