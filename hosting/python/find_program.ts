import { delimiter, dirname, join } from "node:path";
import { FlwrError } from "../../base/error.ts";

/** A program of Flower's that runs one app. */
export interface AppProgram {
  readonly name: "flwr-serverapp" | "flwr-clientapp";
  /** Whose it is, in messages: "SuperLink". */
  readonly role: string;
}

/** How a Python app is started. */
export interface PythonCommand {
  /** Path of the program. */
  readonly program: string;
  /** `PATH` for it: Flower looks for programs of its own environment there. */
  readonly path: string;
}

/**
 * Finds Flower's own program for apps: beside the Python of `--python`, or on PATH.
 *
 * @param python a path, or a command such as "python3.12"; undefined without the flag
 * @param path the PATH to look on
 * @throws FlwrError "failed-precondition" when it is not there
 */
export async function findPythonCommand(
  { name, role }: AppProgram,
  python: string | undefined,
  path: string = Deno.env.get("PATH") ?? "",
): Promise<PythonCommand> {
  const file = Deno.build.os === "windows" ? `${name}.exe` : name;
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  if (python === undefined) {
    const program = await firstFile(folders.map((folder) => join(folder, file)));
    if (program !== undefined) return { program, path };
    throw new FlwrError(
      "failed-precondition",
      `The app is written in Python, and there is no ${name} on this ${role}'s PATH`,
      {
        hints: [
          `On the ${role}'s machine install Flower for Python: pip install flwr`,
          `Or name the Python that has it with --python when the ${role} is started`,
        ],
      },
    );
  }
  const candidates = /[/\\]/.test(python)
    ? [python]
    : folders.map((folder) => join(folder, python));
  const found = await firstFile(candidates);
  if (found === undefined) {
    throw new FlwrError("failed-precondition", `--python: "${python}" does not exist`);
  }
  // Not its real path: the python of a virtual environment is a link out of it.
  const folder = dirname(found);
  const program = await firstFile([join(folder, file), join(folder, "Scripts", file)]);
  if (program !== undefined) return { program, path: [folder, ...folders].join(delimiter) };
  throw new FlwrError(
    "failed-precondition",
    `Beside the Python of --python there is no ${name}: "${found}"`,
    { hints: [`Install Flower there: ${found} -m pip install flwr`] },
  );
}

async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const file of candidates) {
    const info = await Deno.stat(file).catch(() => undefined);
    if (info?.isFile) return file;
  }
  return undefined;
}
