/**
 * Puts the commands into a bin folder: `flwr`, and the names that Flower's own example uses, so that its command
 * lines run as they stand.
 *
 *     deno task install [--bin-dir DIR]
 */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { FlwrError } from "../base/error.ts";
import { reportError } from "../roles/report_error.ts";
import { type Launcher, launcherFiles } from "./install/launcher.ts";

/** Each installed name, with the words of `flwr` it stands for. */
const LAUNCHERS: readonly Launcher[] = [
  { name: "flwr", words: [] },
  { name: "flower-superlink", words: ["superlink"] },
  { name: "flower-supernode", words: ["supernode"] },
  { name: "flower-client-app", words: ["supernode"] },
  { name: "flower-server-app", words: ["run"] },
];

function defaultBinDir(): string {
  const home = Deno.env.get(Deno.build.os === "windows" ? "USERPROFILE" : "HOME");
  if (home !== undefined) return join(home, ".local", "bin");
  throw new FlwrError("failed-precondition", "There is no home folder to install into", {
    hints: ["Name a folder with --bin-dir"],
  });
}

async function install(binDir: string): Promise<void> {
  const project = resolve(fileURLToPath(new URL("..", import.meta.url)));
  await Deno.mkdir(binDir, { recursive: true });
  for (const launcher of LAUNCHERS) {
    for (const { file, text } of launcherFiles(launcher, { deno: Deno.execPath(), project })) {
      const path = join(binDir, file);
      await Deno.writeTextFile(path, text);
      if (Deno.build.os !== "windows") await Deno.chmod(path, 0o755);
      console.log(path);
    }
  }
  const folders = (Deno.env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":");
  if (!folders.includes(binDir)) {
    console.error(`"${binDir}" is not on the PATH: add it, or call the commands by their paths`);
  }
}

try {
  await new Command("install")
    .description("Install flwr and Flower's command names into a bin folder.")
    .option("--bin-dir <folder>", "where to put them (default: ~/.local/bin)")
    .exitOverride()
    .action(({ binDir }: { binDir?: string }) => install(resolve(binDir ?? defaultBinDir())))
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
