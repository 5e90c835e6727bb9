import { join } from "node:path";
import { NATIVE_LIBRARY } from "../../../ml/session/native_library.ts";
import { platformOf } from "../ort_platforms.ts";

/** Packages that are not joined into the build: ONNX Runtime's, and its dependency. */
const PACKAGES: readonly string[] = ["onnxruntime-node", "onnxruntime-common"];

/** Files that `require` loads, without the second copy of the code for `import`. */
const CODE = /^(package\.json|dist\/(?!esm\/)(.*\.js|cjs\/package\.json))$/;
const ADDON = /\.node$/;

/**
 * The files of ONNX Runtime for a platform: its JavaScript, its addon, and the library that the addon is linked with.
 *
 * @param project the project's folder, whose packages are installed
 * @param target a Rust triple
 * @returns the files by their paths in the program's folder
 */
export async function nativePackages(
  project: string,
  target: string,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const { system, cpu } = platformOf(target);
  const libraries = `bin/napi-v6/${system}/${cpu}/`;
  const isNeeded = (file: string) => {
    if (!file.startsWith(libraries)) return CODE.test(file);
    const name = file.slice(libraries.length);
    return ADDON.test(name) || NATIVE_LIBRARY.test(name);
  };
  const root = await Deno.realPath(join(project, "node_modules", PACKAGES[0]!));
  for (const name of PACKAGES) {
    // Deno places a package's dependencies next to it.
    const folder = join(root, "..", name);
    for await (const file of filesBelow(folder, "")) {
      if (!isNeeded(file)) continue;
      files.set(`node_modules/${name}/${file}`, await Deno.readFile(join(folder, file)));
    }
  }
  return files;
}

async function* filesBelow(root: string, folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isDirectory) yield* filesBelow(root, path);
    else yield path;
  }
}
