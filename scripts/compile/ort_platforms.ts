import { join } from "node:path";

/** The npm package with ONNX Runtime's libraries for all platforms: about 300 MB. */
const PACKAGE = /^onnxruntime-node@/;

/**
 * The folders of ONNX Runtime's libraries for other platforms than the target. Without them the executable has a fifth
 * of the size.
 *
 * @param nodeModules the project's node_modules in Deno's layout
 * @param target a Rust triple such as "x86_64-unknown-linux-gnu"
 */
export async function excludedOrtPlatforms(nodeModules: string, target: string): Promise<string[]> {
  const wanted = platformOf(target);
  const excluded: string[] = [];
  for await (const { name } of Deno.readDir(join(nodeModules, ".deno"))) {
    if (!PACKAGE.test(name)) continue;
    const root = join(
      nodeModules,
      ".deno",
      name,
      "node_modules",
      "onnxruntime-node",
      "bin",
      "napi-v6",
    );
    for await (const { name: system } of Deno.readDir(root)) {
      if (system !== wanted.system) {
        excluded.push(join(root, system));
        continue;
      }
      for await (const { name: cpu } of Deno.readDir(join(root, system))) {
        if (cpu !== wanted.cpu) excluded.push(join(root, system, cpu));
      }
    }
  }
  return excluded.toSorted();
}

/** The package's names for a target's system and processor. */
export function platformOf(target: string): { system: string; cpu: string } {
  const system = target.includes("windows")
    ? "win32"
    : target.includes("darwin")
    ? "darwin"
    : "linux";
  return { system, cpu: target.startsWith("aarch64") ? "arm64" : "x64" };
}
