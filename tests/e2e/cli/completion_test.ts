/** bash completes `flwr` with the script that `flwr completion bash` prints. */
import assert from "node:assert/strict";
import { runCommand } from "../../packaging/command.ts";
import { repositoryPath } from "../../support/repository.ts";
import { TempDir } from "../../support/tempdir.ts";
import { flwr, writeConfig } from "./command.ts";

async function has(shell: string): Promise<boolean> {
  try {
    return (await new Deno.Command(shell, { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}

/** Asks bash, as the Tab key does, what may stand at the end of a line whose words bash has split. */
const PRESS_TAB = `
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
complete -p flwr
_flwr
printf '%s\\n' "\${COMPREPLY[@]}"
`;

Deno.test({
  name: "completion: bash offers commands, options, connections and files",
  ignore: !await has("bash"),
  fn: async () => {
    await using folder = await TempDir.make();
    const { path } = folder;
    await writeConfig(path, 'address = "127.0.0.1:8000"');
    const printed = await flwr(path, ["completion", "bash"]);
    assert.deepEqual([printed.code, printed.stderr], [0, ""]);
    await Deno.writeTextFile(`${path}/flwr.bash`, printed.stdout);
    await Deno.mkdir(`${path}/bin`);
    const main = repositoryPath("main.ts");
    const program = `#!/bin/sh\nexec "${Deno.execPath()}" run -A --quiet "${main}" "$@"\n`;
    await Deno.writeTextFile(`${path}/bin/flwr`, program, { mode: 0o755 });
    await Deno.writeTextFile(`${path}/my key.pub`, "");
    const complete = async (...words: string[]) => {
      const { stdout, stderr } = await runCommand(
        "bash",
        ["-c", PRESS_TAB, "bash", `${path}/flwr.bash`, "flwr", ...words],
        {
          cwd: path,
          env: { FLWR_HOME: path, PATH: `${path}/bin:${Deno.env.get("PATH")}` },
        },
      );
      assert.equal(stderr, "");
      const [registered, ...offered] = stdout.trimEnd().split("\n");
      assert.equal(registered, "complete -F _flwr flwr");
      return offered;
    };

    assert.deepEqual(await complete("super"), ["superlink", "supernode", "superexec"]);
    assert.deepEqual(await complete("ls", "--form"), ["--format"]);
    assert.deepEqual(await complete("ls", ""), ["here"]);
    assert.deepEqual(await complete("supernode", "register", "my"), ["my key.pub"]);
    // bash splits at ":": what comes after an address is still the argument after it
    assert.deepEqual(await complete("run", ".", "127.0.0.1", ":", "8000", "--stre"), ["--stream"]);
    assert.deepEqual(await complete("ls", "127.0.0.1", ":", "8000", ""), []);
  },
});

for (const shell of ["zsh", "fish"]) {
  Deno.test({
    name: `completion: ${shell} reads its script`,
    ignore: !await has(shell),
    fn: async () => {
      await using folder = await TempDir.make();
      const { stdout } = await flwr(folder.path, ["completion", shell]);
      const file = `${folder.path}/script`;
      await Deno.writeTextFile(file, stdout);
      const { code, stderr } = await runCommand(shell, ["-n", file]);
      assert.deepEqual([code, stderr], [0, ""]);
    },
  });
}
