/**
 * Installs the commands into a bin folder: `flwr`, and the names of Flower's commands, so that command lines of
 * Flower's example work unchanged. The commands run a build of the program (scripts/build), which starts faster than
 * its sources.
 *
 *     deno task install [--bin-dir DIR]
 */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { FlwrError } from "../base/error.ts";
import { reportError } from "../roles/report_error.ts";
import { buildProgram } from "./build/program.ts";
import { launcherFile, LAUNCHERS } from "./install/launcher.ts";

const EXAMPLE = `
Examples:
  deno task install
  deno task install --bin-dir /usr/local/bin
`;

function defaultBinDir(): string {
  const home = Deno.env.get(Deno.build.os === "windows" ? "USERPROFILE" : "HOME");
  if (home !== undefined) return join(home, ".local", "bin");
  throw new FlwrError(
    "failed-precondition",
    "The home folder is unknown, so there is no default bin folder",
    {
      hints: ["Name a folder with --bin-dir"],
    },
  );
}

async function install(binDir: string): Promise<void> {
  const project = resolve(fileURLToPath(new URL("..", import.meta.url)));
  await makeFolder(binDir);
  const { os } = Deno.build;
  // A batch file cannot check whether the sources are newer than the build.
  const build = os === "windows" ? undefined : await buildProgram(project);
  const target = { deno: Deno.execPath(), project, build, os };
  for (const launcher of LAUNCHERS) {
    const { file, text } = launcherFile(launcher, target);
    const path = join(binDir, file);
    await replaceFile(path, text);
    console.log(path);
  }
  const folders = (Deno.env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":");
  if (!folders.includes(binDir)) {
    console.error(`"${binDir}" is not on the PATH: add it, or call the commands by their paths`);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    throw new FlwrError("failed-precondition", `Folder "${path}" cannot be created`, {
      hints: ["Name a writable folder with --bin-dir"],
      cause,
    });
  }
}

/** Replaces a file. A launcher that is running keeps its old text. */
async function replaceFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(unfinished, text, { mode: 0o755 });
    await Deno.rename(unfinished, path);
  } catch (cause) {
    await Deno.remove(unfinished).catch(() => {});
    throw new FlwrError("failed-precondition", `File "${path}" cannot be written`, {
      hints: ["Name a writable folder with --bin-dir"],
      cause,
    });
  }
}

try {
  await new Command("install")
    .description(
      "Install flwr and Flower's older commands (flower-superlink, …) into a bin folder.",
    )
    .option("--bin-dir <folder>", "folder for the commands (default: ~/.local/bin)")
    .addHelpText("after", EXAMPLE)
    .exitOverride()
    .action(({ binDir }: { binDir?: string }) => install(resolve(binDir ?? defaultBinDir())))
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
