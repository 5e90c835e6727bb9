/**
 * Makes one executable of the whole program, in one of two ways.
 *
 *     deno task compile [--output dist/flwr] [--target TARGET]
 *     deno task compile --self-extracting [--deno FILE] …
 *
 * `deno compile` needs `denort`, the runtime without the compiler, of exactly this Deno's version. It downloads denort
 * unless the environment variable DENORT_BIN names one. `--self-extracting` needs nothing but the npm registry: the
 * file contains Deno itself and unpacks at its first start.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { FlwrError } from "../base/error.ts";
import { reportError } from "../roles/report_error.ts";
import { checkDenort } from "./compile/check_denort.ts";
import { checkExecutable } from "./compile/check_executable.ts";
import { ENTRY, LIBRARY, loadedByUrl, READ_AT_RUN_TIME } from "./compile/entry_points.ts";
import { type ModuleGraph, neededPackages, unneededFolders } from "./compile/npm_packages.ts";
import { excludedOrtPlatforms } from "./compile/ort_platforms.ts";
import { runDeno } from "./compile/run_deno.ts";
import { DENO_BINARIES, denoBinary } from "./compile/self_extracting/deno_binary.ts";
import { selfExtracting, writeExecutable } from "./compile/self_extracting/executable.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** Platforms for which ONNX Runtime has a library. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
];

const EXAMPLE = `
Examples:
  deno task compile --self-extracting
  deno task compile --self-extracting --target aarch64-unknown-linux-gnu --output dist/flwr-arm64
  deno task compile
  deno task compile --output /usr/local/bin/flwr
  DENORT_BIN=/path/to/denort deno task compile
`;

interface CompileFlags {
  output: string;
  target: string;
  selfExtracting?: boolean;
  deno?: string;
}

async function compile(flags: CompileFlags): Promise<void> {
  if (flags.selfExtracting) return await compileSelfExtracting(flags);
  if (flags.deno !== undefined) {
    throw new FlwrError("invalid-argument", "--deno can only be used with --self-extracting", {
      hints: ["Without it, DENORT_BIN names the runtime"],
    });
  }
  const { output, target } = flags;
  await checkDenort(Deno.env.get("DENORT_BIN"));
  const executable = resolve(output);
  await Deno.mkdir(dirname(executable), { recursive: true });
  const modules = [LIBRARY, ...await loadedByUrl(PROJECT)];
  const excluded = await notEmbedded(target, modules);
  await runDeno([
    "compile",
    "--quiet",
    // "deno task check" checks types.
    "--no-check",
    "-A",
    "--config",
    join(PROJECT, "deno.json"),
    "--output",
    executable,
    "--target",
    target,
    ...[...modules, ...READ_AT_RUN_TIME].flatMap((file) => ["--include", join(PROJECT, file)]),
    ...excluded.flatMap((path) => ["--exclude", path]),
    join(PROJECT, ENTRY),
  ], PROJECT);
  if (target === Deno.build.target) {
    const hint = `DENORT_BIN has to be denort ${Deno.version.deno}, for this platform`;
    await checkExecutable(executable, hint);
  }
  console.log(executable);
}

async function compileSelfExtracting({ output, target, deno }: CompileFlags): Promise<void> {
  if (!(target in DENO_BINARIES)) {
    throw new FlwrError("unimplemented", `--self-extracting cannot make a file for ${target}`, {
      hints: [`It can for ${Object.keys(DENO_BINARIES).join(", ")}`],
    });
  }
  const executable = resolve(output);
  const binary = await denoBinary({ target, given: deno, running: Deno.execPath() });
  const made = await selfExtracting({ project: PROJECT, target, deno: binary });
  await writeExecutable(executable, made);
  if (target === Deno.build.target) {
    await checkExecutable(executable, "Read what it needs in README.md, section One file");
  }
  console.error(`${(made.bytes.length / 1e6).toFixed(1)} MB, SHA-256 ${made.sha256}`);
  console.log(executable);
}

/** The parts of node_modules that are not put into the executable for a platform. */
async function notEmbedded(target: string, modules: readonly string[]): Promise<string[]> {
  const nodeModules = join(PROJECT, "node_modules");
  const graphs: ModuleGraph[] = [];
  for (const file of [ENTRY, ...modules]) {
    graphs.push(JSON.parse(await runDeno(["info", "--json", file], PROJECT)));
  }
  return [
    ...await unneededFolders(nodeModules, neededPackages(graphs)),
    ...await excludedOrtPlatforms(nodeModules, target),
  ];
}

try {
  await new Command("compile")
    .description("Make one executable of flwr.")
    .option("--output <file>", "file to create", "dist/flwr")
    .addOption(
      new Option("--target <triple>", "platform to make it for").choices(TARGETS)
        .default(Deno.build.target),
    )
    .option("--self-extracting", "include Deno, and unpack it at the first start; needs no denort")
    .option(
      "--deno <file>",
      "with --self-extracting: Deno executable for the platform (default: from npm)",
    )
    .addHelpText("after", EXAMPLE)
    .exitOverride()
    .action(compile)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
