/**
 * Generates `proto/gen` from the .proto files. With `--check` it only compares the committed code with the .proto
 * files, and exits with status 1 if it is out of date.
 *
 * Each folder of `proto/` is a separate input, because Flower's versions use the same package and message names.
 */
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const INPUTS = ["flwr-1.9", "flwr-1.15", "current", "health"] as const;
const OUTPUT = join(ROOT, "proto", "gen");

/** Runs buf, which runs the generator. Both come from npm and run in this Deno. */
async function generate(input: string, output: string): Promise<void> {
  const template = {
    version: "v2",
    clean: true,
    plugins: [{
      local: [Deno.execPath(), "run", "-A", "npm:@bufbuild/protoc-gen-es@2.17.0"],
      out: join(output, input),
      opt: ["target=ts", "import_extension=ts"],
    }],
  };
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "npm:@bufbuild/buf@1.74.0/buf", "generate", join("proto", input)],
      ...["--template", JSON.stringify(template)],
    ],
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  if (!success) throw new Error(`Could not generate code from proto/${input}`);
}

/** All files below a folder, as path → text. */
async function readTree(folder: string, base = folder): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) {
      for (const [name, text] of await readTree(path, base)) files.set(name, text);
    } else {
      files.set(relative(base, path), await Deno.readTextFile(path));
    }
  }
  return files;
}

/** Paths that exist in one tree only, or whose files differ. */
async function differences(a: string, b: string): Promise<string[]> {
  const [left, right] = await Promise.all([readTree(a), readTree(b)]);
  return [...new Set([...left.keys(), ...right.keys()])].sort()
    .filter((path) => left.get(path) !== right.get(path));
}

async function check(): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "flwr-proto-" });
  try {
    for (const input of INPUTS) await generate(input, folder);
    const stale = await differences(OUTPUT, folder);
    for (const path of stale) console.error(`proto/gen/${path} is out of date`);
    if (stale.length > 0) console.error("Run: deno task proto");
    return stale.length === 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (Deno.args.includes("--check")) {
  Deno.exit(await check() ? 0 : 1);
} else {
  for (const input of INPUTS) await generate(input, OUTPUT);
}
