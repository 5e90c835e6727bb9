/**
 * Generates code from the .proto files: `proto/gen` from Flower's, and the tables in `ml/onnx/message` from ONNX's. With
 * `--check` it only compares the committed code with the .proto files, and exits with status 1 if it is out of date.
 *
 * Each folder of `proto/` is a separate input, because Flower's versions use the same package and message names.
 */
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { onnxTables } from "./proto/onnx_tables.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const INPUTS = ["flwr-1.9", "flwr-1.15", "current", "health"] as const;
/** Folders with generated code. The second one has other code, too. */
const GEN = "proto/gen";
const ONNX = "ml/onnx/message";

/** Runs buf, which comes from npm, and returns what it prints. */
async function buf(...args: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  return await deno(["run", "-A", "npm:@bufbuild/buf@1.74.0/buf", ...args]);
}

async function deno(args: string[], input = ""): Promise<Uint8Array<ArrayBuffer>> {
  const process = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stdin = process.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(input));
  await stdin.close();
  const { success, stdout } = await process.output();
  if (!success) throw new Error(`Could not generate code: deno ${args.join(" ")} failed`);
  return stdout;
}

/** Generates all code below a folder, at the paths that it has in the repository. */
async function generate(root: string): Promise<void> {
  for (const input of INPUTS) {
    const plugin = {
      local: [Deno.execPath(), "run", "-A", "npm:@bufbuild/protoc-gen-es@2.17.0"],
      out: join(root, GEN, input),
      opt: ["target=ts", "import_extension=ts"],
    };
    const template = JSON.stringify({ version: "v2", clean: true, plugins: [plugin] });
    await buf("generate", join("proto", input), "--template", template);
  }
  for (const [name, text] of onnxTables(await buf("build", "proto/onnx", "-o", "-"))) {
    const path = join(root, ONNX, name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, await deno(["fmt", "--ext", "ts", "-"], text));
  }
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

/** Paths of generated files that are missing, differ from the .proto files, or should not be there. */
export async function staleFiles(): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "flwr-proto-" });
  try {
    await generate(folder);
    const [fresh, gen] = await Promise.all([readTree(folder), readTree(join(ROOT, GEN))]);
    const paths = new Set([...fresh.keys(), ...[...gen.keys()].map((path) => join(GEN, path))]);
    const stale = [];
    for (const path of [...paths].sort()) {
      const committed = await Deno.readTextFile(join(ROOT, path)).catch(() => undefined);
      if (committed !== fresh.get(path)) stale.push(path);
    }
    return stale;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  if (Deno.args.includes("--check")) {
    const stale = await staleFiles();
    for (const path of stale) console.error(`${path} is out of date`);
    if (stale.length > 0) {
      console.error("Run: deno task proto");
      Deno.exit(1);
    }
  } else {
    await generate(ROOT);
  }
}
