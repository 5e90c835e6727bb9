import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { HAS_ALL_RIGHTS, testWithAllRights } from "../../base/testing/all_rights.ts";
import { requireRay } from "./require_ray.ts";

const never = new AbortController().signal;
const path = Deno.env.get("PATH") ?? "";

/** Checks a script that names its interpreter. @returns the error; undefined if the check passed */
async function check(
  { python, script }: {
    /** The commands of a shell script in place of Python. */
    python: string;
    /** The script's first lines, with the path of that Python. */
    script: (python: string) => string;
  },
): Promise<FlwrError | undefined> {
  const folder = await Deno.makeTempDir();
  try {
    const interpreter = `${folder}/python3`;
    await Deno.writeTextFile(interpreter, `#!/bin/sh\n${python}\n`, { mode: 0o755 });
    const program = `${folder}/flwr-simulation`;
    await Deno.writeTextFile(program, script(interpreter), { mode: 0o755 });
    const error = await requireRay({ program, path }, never).then(
      () => undefined,
      (error) => error,
    );
    assert.ok(error === undefined || error instanceof FlwrError, String(error));
    assert.ok(error === undefined || error.message.includes(interpreter), error?.message);
    return error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const short = (python: string) => `#!${python}\nimport re\n`;
const long = (python: string) => `#!/bin/sh\n'''exec' "${python}" "$0" "$@"\n' '''\nimport re\n`;

testWithAllRights(
  "without Ray the error names the Python and the command that installs it",
  async () => {
    for (const script of [short, long]) {
      const error = await check({ python: "exit 3", script });
      assert.equal(error?.code, "failed-precondition");
      assert.match(error.message, /needs Ray, which is not installed/);
      assert.match(error.hints[0]!, /python3 -m pip install "flwr\[simulation\]"$/);
    }
  },
);

testWithAllRights("with Ray, or a Python that cannot answer, the check passes", async () => {
  for (const python of ["exit 0", "exit 1", "kill -9 $$"]) {
    assert.equal(await check({ python, script: short }), undefined, python);
  }
  const python = "exit 3";
  assert.equal(await check({ python, script: () => "\x7fELF\n" }), undefined);
  assert.equal(await check({ python, script: () => "#!/usr/bin/env python3\n" }), undefined);
  assert.equal(await check({ python, script: () => "#!/nowhere/python3\n" }), undefined);
});

/** The path of this machine's Python; undefined without one, or without the right to start it. */
async function findPython(): Promise<string | undefined> {
  if (!HAS_ALL_RIGHTS) return undefined;
  const args = ["-c", "import sys; print(sys.executable)"];
  const { stdout } = await new Deno.Command("python3", { args }).output()
    .catch(() => ({ stdout: new Uint8Array() }));
  return new TextDecoder().decode(stdout).trim() || undefined;
}

const real = await findPython();

testWithAllRights(
  "a folder named ray in the working directory, or left by an uninstalled one, is not Ray",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/ray`);
      // In the place of the installed packages, which -S leaves out.
      const codeWith = async (variable: string) => {
        const python = `cd ${folder}; ${variable}; exec ${real} -S "$@"`;
        return (await check({ python, script: short }))?.code;
      };
      const isInstalled = `export PYTHONPATH=${folder}`;
      assert.equal(await codeWith(isInstalled), "failed-precondition");
      await Deno.writeTextFile(`${folder}/ray/__init__.py`, "");
      assert.equal(await codeWith(isInstalled), undefined);
      assert.equal(await codeWith("unset PYTHONPATH"), "failed-precondition");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  { ignore: real === undefined },
);
