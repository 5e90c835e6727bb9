import { fileURLToPath } from "node:url";

/** Path of a package in Deno's folder of packages. */
const LAYOUT = /^(.*[\\/]node_modules)[\\/]\.deno[\\/]/;

/**
 * The folder from which ONNX Runtime is loaded: a process that loads it needs the permission to read there.
 *
 * @returns its path; undefined if packages are elsewhere, as in an executable
 */
export function packagesFolder(): string | undefined {
  const module = import.meta.resolve("onnxruntime-node");
  return module.startsWith("file:") ? LAYOUT.exec(fileURLToPath(module))?.[1] : undefined;
}
