import { FlwrError } from "../base/error.ts";
import { decodeNpy, encodeNpy } from "./npy.ts";
import type { Tensor } from "./tensor.ts";
import { unzip, zip } from "./zip.ts";

const SUFFIX = ".npy";

/** Tensors by name as a .npz file, which numpy's `load` reads: an uncompressed zip archive of .npy files. */
export function encodeNpz(
  tensors: Iterable<readonly [name: string, Tensor]>,
): Uint8Array<ArrayBuffer> {
  return zip(Array.from(tensors, ([name, tensor]) => [name + SUFFIX, encodeNpy(tensor)] as const));
}

/**
 * The tensors of a .npz file, as numpy's `savez` and `savez_compressed` write it, by name and in its order.
 *
 * @throws FlwrError that names the array, with the codes of {@link decodeNpy}; "data-loss", "unimplemented" or
 *   "resource-exhausted" when the archive itself cannot be read
 */
export function decodeNpz(bytes: Uint8Array): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [file, content] of unzip(bytes)) {
    if (!file.endsWith(SUFFIX)) {
      throw new FlwrError("invalid-argument", `Archive holds "${file}", which is not a .npy file`);
    }
    const name = file.slice(0, -SUFFIX.length);
    try {
      tensors.set(name, decodeNpy(content));
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      throw new FlwrError(error.code, `Array "${name}": ${error.message}`, { hints: error.hints });
    }
  }
  return tensors;
}
