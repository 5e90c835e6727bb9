import { dirname, join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { completionScript, type Shell } from "./scripts.ts";

/** Folders of the user. */
export interface UserFolders {
  readonly home: string;
  /** Folder for settings: $XDG_CONFIG_HOME. */
  readonly config: string;
}

/** Path of the script, and the lines that the shell's start file needs to read it. */
interface Place {
  readonly script: string;
  readonly startFile?: string;
  readonly lines?: readonly string[];
}

/** The same paths as those of Python's `flwr --install-completion`, so one completion replaces the other. */
const PLACES: Readonly<Record<Shell, (folders: UserFolders) => Place>> = {
  bash: ({ home }) => ({
    script: join(home, ".bash_completions", "flwr.sh"),
    startFile: join(home, ".bashrc"),
    lines: [`source '${join(home, ".bash_completions", "flwr.sh").replaceAll("'", `'\\''`)}'`],
  }),
  zsh: ({ home }) => ({
    script: join(home, ".zfunc", "_flwr"),
    startFile: join(home, ".zshrc"),
    lines: ["fpath+=~/.zfunc; autoload -Uz compinit; compinit"],
  }),
  fish: ({ config }) => ({ script: join(config, "fish", "completions", "flwr.fish") }),
};

/** The result of installing completion. */
export interface InstalledCompletion {
  /** The file with the script. */
  readonly script: string;
  /** The shell's start file, if lines were added to it. */
  readonly changed?: string;
}

/**
 * Installs the script so that the shell reads it at each start. Missing lines are added to the shell's start file.
 *
 * @throws FlwrError "failed-precondition" naming the file that cannot be written
 */
export async function installCompletion(
  shell: Shell,
  folders: UserFolders,
): Promise<InstalledCompletion> {
  const { script, startFile, lines = [] } = PLACES[shell](folders);
  await writing(script, async () => {
    await Deno.mkdir(dirname(script), { recursive: true });
    await Deno.writeTextFile(script, completionScript(shell) + "\n");
  });
  if (startFile === undefined) return { script };
  const changed = await writing(startFile, () => addLines(startFile, lines));
  return changed ? { script, changed: startFile } : { script };
}

/** Adds missing lines to a file. @returns whether a line was missing */
async function addLines(file: string, lines: readonly string[]): Promise<boolean> {
  const text = await textOf(file);
  const there = new Set(text.split("\n").map((line) => line.trim()));
  const missing = lines.filter((line) => !there.has(line));
  if (missing.length === 0) return false;
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  await Deno.writeTextFile(file, `${gap}${missing.join("\n")}\n`, { append: true });
  return true;
}

async function textOf(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new FlwrError("failed-precondition", `Cannot write "${file}"`, {
      hints: ["Install the script yourself, as flwr completion --help shows"],
      cause,
    });
  }
}
