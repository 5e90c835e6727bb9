import { dirname, join } from "node:path";
import { repositoryPath } from "../support/repository.ts";
import { findEmbeddedLibrary } from "../../ml/session/native_library.ts";

/** Path of ONNX Runtime's addon on this machine. */
export async function addonPath(): Promise<string> {
  const { path } = await findEmbeddedLibrary(repositoryPath("node_modules/.deno"), Deno.build);
  return join(dirname(path), "onnxruntime_binding.node");
}

/** A loadable system library: the C library of this process. */
export async function systemLibrary(): Promise<string> {
  const maps = await Deno.readTextFile("/proc/self/maps");
  const [path] = /\/\S*\/libc[.-]\S*$/m.exec(maps) ?? [];
  if (path === undefined) throw new Error("This process has opened no C library");
  return path;
}
