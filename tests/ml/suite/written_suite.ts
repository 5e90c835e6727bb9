import { repositoryPath } from "../../support/repository.ts";
import { findPython, pinnedEnvironment } from "../../support/python.ts";

const HERE = "tests/ml/suite";

/** Why ONNX's backend suite does not run here, as the line that says so. */
export const NO_PYTHON =
  "No Python 3.11 or 3.12 with venv found: ONNX's backend suite does not run";

/** A Python with ONNX in it, made with pip the first time; undefined where there is none. */
export async function onnxPython(): Promise<string | undefined> {
  const python = await findPython();
  if (python === undefined) return undefined;
  const requirements = repositoryPath(`${HERE}/requirements.txt`);
  return await pinnedEnvironment(
    python,
    { name: "onnx", requirements, probe: "import onnx, numpy" },
    console.log,
  );
}

/** Writes ONNX's backend suite into a folder. */
export async function writeSuite(python: string, folder: string): Promise<void> {
  const script = repositoryPath(`${HERE}/write_suite.py`);
  const { success, stderr } = await new Deno.Command(python, {
    args: ["-W", "ignore", script, folder],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${script}: ${new TextDecoder().decode(stderr)}`);
}
