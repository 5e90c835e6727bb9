/**
 * Puts the commands into a bin folder: `flwr`, and the names that Flower's own example uses, so that its command
 * lines run as they stand. They run a build of the program (scripts/build), which starts faster than its sources.
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
  throw new FlwrError("failed-precondition", "There is no home folder to install into", {
    hints: ["Name a folder with --bin-dir"],
  });
}

async function install(binDir: string): Promise<void> {
  const project = resolve(fileURLToPath(new URL("..", import.meta.url)));
  await makeFolder(binDir);
  const { os } = Deno.build;
  // A batch file cannot tell whether the sources are newer than the build.
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
    throw new FlwrError("failed-precondition", `Folder "${path}" cannot be made`, {
      hints: ["Name a folder of your own with --bin-dir"],
      cause,
    });
  }
}

/** A launcher that runs at this moment goes on with its old text. */
async function replaceFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(unfinished, text, { mode: 0o755 });
    await Deno.rename(unfinished, path);
  } catch (cause) {
    await Deno.remove(unfinished).catch(() => {});
    throw new FlwrError("failed-precondition", `File "${path}" cannot be written`, {
      hints: ["Name a folder of your own with --bin-dir"],
      cause,
    });
  }
}

try {
  await new Command("install")
    .description("Install flwr and Flower's command names into a bin folder.")
    .option("--bin-dir <folder>", "where to put them (default: ~/.local/bin)")
    .addHelpText("after", EXAMPLE)
    .exitOverride()
    .action(({ binDir }: { binDir?: string }) => install(resolve(binDir ?? defaultBinDir())))
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
