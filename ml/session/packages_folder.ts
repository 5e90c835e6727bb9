import { fileURLToPath } from "node:url";

/** Where Deno lays out packages, in a folder of them. */
const LAYOUT = /^(.*[\\/]node_modules)[\\/]\.deno[\\/]/;

/**
 * The folder of packages from which ONNX Runtime is loaded: a process that loads it must be allowed to read there.
 *
 * @returns its path; undefined where packages lie elsewhere, as in an executable
 */
export function packagesFolder(): string | undefined {
  const module = import.meta.resolve("onnxruntime-node");
  return module.startsWith("file:") ? LAYOUT.exec(fileURLToPath(module))?.[1] : undefined;
}
