import { delimiter, dirname, join } from "node:path";
import { FlwrError } from "../../base/error.ts";

/** One of Flower's own programs, which runs one app. */
export interface FlowerProgram {
  readonly name: "flwr-serverapp" | "flwr-clientapp" | "flwr-simulation";
  /** The role that starts it, for messages: "SuperLink". */
  readonly role: string;
}

/** The command that starts a Python app. */
export interface PythonCommand {
  /** Path of the program. */
  readonly program: string;
  /** The `PATH` to start it with: Flower searches it for other programs of the same environment. */
  readonly path: string;
}

/**
 * Finds Flower's own program for apps: in the folder of the Python of `--python`, or on PATH.
 *
 * @param python a path, or a command such as "python3.12". Undefined without the flag
 * @param path the PATH to search
 * @throws FlwrError "failed-precondition" when it is not found
 */
export async function findPythonCommand(
  { name, role }: FlowerProgram,
  python: string | undefined,
  path: string = Deno.env.get("PATH") ?? "",
): Promise<PythonCommand> {
  const file = Deno.build.os === "windows" ? `${name}.exe` : name;
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  const packages = name === "flwr-simulation" ? `"flwr[simulation]"` : "flwr";
  if (python === undefined) {
    const program = await firstFile(folders.map((folder) => join(folder, file)));
    if (program !== undefined) return { program, path };
    throw new FlwrError(
      "failed-precondition",
      `Python apps need ${name}, which is not on this ${role}'s PATH`,
      {
        hints: [
          `Install Flower for Python on the ${role}'s machine: pip install ${packages}`,
          `Or start the ${role} with --python and the Python that has it`,
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
  // The link's folder, not its target's: the python of a virtual environment is a link to one outside of it.
  const folder = dirname(found);
  const program = await firstFile([join(folder, file), join(folder, "Scripts", file)]);
  if (program !== undefined) return { program, path: [folder, ...folders].join(delimiter) };
  throw new FlwrError(
    "failed-precondition",
    `--python: no ${name} is installed for "${found}"`,
    { hints: [`Install Flower for it: ${found} -m pip install ${packages}`] },
  );
}

async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const file of candidates) {
    const info = await Deno.stat(file).catch(() => undefined);
    if (info?.isFile) return file;
  }
  return undefined;
}
