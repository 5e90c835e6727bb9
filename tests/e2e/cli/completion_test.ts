/** Shells complete `flwr` with the scripts that `flwr completion` prints, as at a press of the Tab key. */
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

/** A user's folder in which there is a `flwr` that the shells find, and what can be completed. */
class Home implements AsyncDisposable {
  readonly path: string;

  private constructor(readonly folder: TempDir) {
    this.path = folder.path;
  }

  static async make(): Promise<Home> {
    const folder = await TempDir.make();
    const { path } = folder;
    await writeConfig(path, 'address = "127.0.0.1:8000"');
    await Deno.mkdir(`${path}/bin`);
    const main = repositoryPath("main.ts");
    const program = `#!/bin/sh\nexec "${Deno.execPath()}" run -A --quiet "${main}" "$@"\n`;
    await Deno.writeTextFile(`${path}/bin/flwr`, program, { mode: 0o755 });
    await Deno.writeTextFile(`${path}/my key.pub`, "");
    return new Home(folder);
  }

  /** Runs a shell in the folder, whose user has it as home. @returns its output */
  async run(shell: string, args: readonly string[]): Promise<string> {
    const { path } = this;
    const { stdout, stderr } = await runCommand(shell, args, {
      cwd: path,
      env: {
        HOME: path,
        XDG_CONFIG_HOME: `${path}/.config`,
        FLWR_HOME: path,
        PATH: `${path}/bin:${Deno.env.get("PATH")}`,
        DENO_DIR: DENO_DIR,
        TERM: "dumb",
      },
    });
    assert.equal(stderr, "");
    return stdout.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

/** Where Deno keeps what it has compiled: another home must not make it do so anew. */
const DENO_DIR: string = JSON.parse(
  new TextDecoder().decode(
    new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync().stdout,
  ),
).denoDir;

Deno.test({
  name: "completion: bash offers commands, options, connections and files",
  ignore: !await has("bash"),
  fn: async () => {
    await using home = await Home.make();
    const printed = await flwr(home.path, ["completion", "bash"]);
    assert.deepEqual([printed.code, printed.stderr], [0, ""]);
    await Deno.writeTextFile(`${home.path}/flwr.bash`, printed.stdout);
    const complete = async (...words: string[]) => {
      const script = `${home.path}/flwr.bash`;
      const lines = await home.run("bash", ["-c", PRESS_TAB, "bash", script, "flwr", ...words]);
      const [registered, ...offered] = lines.split("\n");
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

Deno.test({
  name: "completion: bash reads what is installed when it starts",
  ignore: !await has("bash"),
  fn: async () => {
    await using home = await Home.make();
    const script = await home.run("bash", ["-c", "flwr --install-completion bash 2>/dev/null"]);
    assert.equal(script, `${home.path}/.bash_completions/flwr.sh`);
    const registered = await home.run("bash", ["-c", "source ~/.bashrc; complete -p flwr"]);
    assert.equal(registered, "complete -F _flwr flwr");
  },
});

/** Starts an interactive zsh at a terminal, types a line and the Tab key, and prints what the line has become. */
const PRESS_TAB_IN_ZSH = String.raw`
zmodload zsh/zpty
zpty tab zsh -i
zpty -w tab 'tell() { print -r -- "$BUFFER" > ~/line; exit }; zle -N tell; bindkey "^X" tell; PS1=$'"'REA''DY'"
zpty -r tab heard '*READY*'
zpty -w -n tab "$1"$'\t\x18'
while zpty -r tab heard; do :; done
cat ~/line
`;

Deno.test({
  name: "completion: zsh completes lines with what is installed",
  ignore: !await has("zsh"),
  fn: async () => {
    await using home = await Home.make();
    await home.run("zsh", ["-f", "-c", "flwr completion zsh --install 2>/dev/null"]);
    const complete = (line: string) => home.run("zsh", ["-f", "-c", PRESS_TAB_IN_ZSH, "zsh", line]);

    assert.equal(await complete("flwr supern"), "flwr supernode");
    assert.equal(await complete("flwr ls --form"), "flwr ls --format");
    assert.equal(
      await complete("flwr ls 127.0.0.1:8000 --format j"),
      [
        "flwr ls 127.0.0.1:8000 --format json",
      ][0],
    );
    assert.equal(await complete("flwr log 7 h"), "flwr log 7 here");
    assert.equal(
      await complete("flwr supernode register my"),
      String.raw`flwr supernode register my\ key.pub`,
    );
  },
});

Deno.test({
  name: "completion: fish completes lines with what is installed",
  ignore: !await has("fish"),
  fn: async () => {
    await using home = await Home.make();
    await home.run("fish", ["--no-config", "-c", "flwr completion fish --install 2>/dev/null"]);
    const complete = async (line: string) =>
      (await home.run("fish", ["-c", 'complete -C "$argv[1]"', line])).split("\n");

    assert.deepEqual(await complete("flwr supern"), [
      "supernode\tStart a SuperNode; register, unregister or list SuperNodes",
    ]);
    assert.deepEqual(await complete("flwr ls --form"), ["--format\toutput format"]);
    assert.deepEqual(await complete("flwr ls 127.0.0.1:8000 --format j"), ["json"]);
    assert.deepEqual(await complete("flwr log 7 h"), ["here\tSuperLink"]);
    assert.deepEqual(await complete("flwr supernode register my"), ["my key.pub"]);
  },
});
