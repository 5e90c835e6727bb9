import assert from "node:assert/strict";
import { dirname } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { findPythonCommand, type FlowerProgram } from "./find_python_command.ts";

const SERVERAPP: FlowerProgram = { name: "flwr-serverapp", role: "SuperLink" };

async function withPrograms(
  files: readonly string[],
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const file of files) {
      await Deno.mkdir(dirname(`${folder}/${file}`), { recursive: true });
      await Deno.writeTextFile(`${folder}/${file}`, "");
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function refusal(
  python: string | undefined,
  path: string,
  program = SERVERAPP,
): Promise<FlwrError> {
  const error = await findPythonCommand(program, python, path).then(
    () => undefined,
    (error) => error,
  );
  assert.ok(error instanceof FlwrError, String(error));
  return error;
}

Deno.test("without --python the first flwr-serverapp on PATH is used", async () => {
  await withPrograms(["b/flwr-serverapp", "c/flwr-serverapp"], async (folder) => {
    const path = `${folder}/a:${folder}/b:${folder}/c`;
    assert.deepEqual(await findPythonCommand(SERVERAPP, undefined, path), {
      program: `${folder}/b/flwr-serverapp`,
      path,
    });
  });
});

Deno.test("with --python the program in its folder is used, and that folder comes first on PATH", async () => {
  await withPrograms(["venv/bin/python", "venv/bin/flwr-serverapp"], async (folder) => {
    const expected = {
      program: `${folder}/venv/bin/flwr-serverapp`,
      path: `${folder}/venv/bin:/usr/bin`,
    };
    assert.deepEqual(
      await findPythonCommand(SERVERAPP, `${folder}/venv/bin/python`, "/usr/bin"),
      expected,
    );
    const { program } = await findPythonCommand(SERVERAPP, "python", `/nowhere:${folder}/venv/bin`);
    assert.equal(program, expected.program);
  });
});

Deno.test("the error for a missing program says what to do", async () => {
  await withPrograms(["bin/python"], async (folder) => {
    const nothing = await refusal(undefined, `${folder}/bin`);
    assert.match(nothing.message, /flwr-serverapp, which is not on this SuperLink's PATH/);
    assert.match(nothing.hints.join(" "), /pip install flwr.*--python/);
    assert.match((await refusal("python9", folder)).message, /^--python: "python9" does not exist/);
    const without = await refusal(`${folder}/bin/python`, "");
    assert.match(without.message, /--python: no flwr-serverapp is installed/);
    const simulation = { name: "flwr-simulation", role: "SuperLink" } as const;
    const [onPath] = (await refusal(undefined, `${folder}/bin`, simulation)).hints;
    assert.match(onPath!, /pip install "flwr\[simulation\]"$/);
    const [ofFlag] = (await refusal(`${folder}/bin/python`, "", simulation)).hints;
    assert.match(ofFlag!, /pip install "flwr\[simulation\]"$/);
  });
});
