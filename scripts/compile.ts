/**
 * Makes one executable of the whole program with `deno compile`.
 *
 *     deno task compile [--output dist/flwr] [--target TARGET]
 *
 * `deno compile` needs `denort`, the runtime without the compiler, of exactly this Deno's version. It downloads it
 * unless the environment variable DENORT_BIN names one.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { FlwrError } from "../base/error.ts";
import { reportError } from "../roles/report_error.ts";
import { excludedOrtPlatforms } from "./compile/ort_platforms.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** Modules that are loaded by URL at run time, which the compiler cannot see. */
const INCLUDED = ["roles/supernode/app_worker.ts", "mod.ts"];

interface CompileFlags {
  output: string;
  target?: string;
}

async function compile({ output, target }: CompileFlags): Promise<void> {
  await Deno.mkdir(dirname(resolve(output)), { recursive: true });
  const excluded = await excludedOrtPlatforms(
    join(PROJECT, "node_modules"),
    target ?? Deno.build.target,
  );
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "-A",
      "--config",
      join(PROJECT, "deno.json"),
      "--output",
      resolve(output),
      ...(target === undefined ? [] : ["--target", target]),
      ...INCLUDED.flatMap((file) => ["--include", join(PROJECT, file)]),
      ...excluded.flatMap((folder) => ["--exclude", folder]),
      join(PROJECT, "main.ts"),
    ],
    cwd: PROJECT,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) {
    throw new FlwrError("unavailable", '"deno compile" failed: see its words above', {
      hints: [
        `If it could not download denort: get denort ${Deno.version.deno} for ${
          target ?? Deno.build.target
        } from Deno's release page`,
        "Then name it in the environment: DENORT_BIN=/path/to/denort deno task compile",
      ],
    });
  }
  console.log(resolve(output));
}

try {
  await new Command("compile")
    .description("Make one executable of flwr.")
    .option("--output <file>", "where to put it", "dist/flwr")
    .option("--target <triple>", "platform to make it for (default: this one)")
    .exitOverride()
    .action(compile)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
