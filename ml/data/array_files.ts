import { decodeNpy } from "../../tensor/npy.ts";
import { decodeNpz, type NpzTensors } from "../../tensor/npz.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { inFile, parseFile, readBytes } from "./read_bytes.ts";
import { sharedCopy } from "./shared_array.ts";

/**
 * Reads the tensor in a .npy file.
 *
 * @param path path of the file
 * @throws FlwrError that names the file when it cannot be read or is not such a file
 */
export async function readNpy(path: string): Promise<Tensor> {
  const bytes = await readBytes(path);
  return await parseFile(path, () => sharedCopy(decodeNpy(bytes)));
}

/**
 * Reads the tensors in a .npz file by name. A member that is not an array, such as text, causes an error only when you
 * get it.
 *
 * @param path path of the file
 * @throws FlwrError that names the file when it cannot be read or is not such a file
 * @example
 * ```ts
 * const arrays = await readNpz("mnist.npz");
 * const train = { x: arrays.get("x_train")!, y: arrays.get("y_train")! };
 * ```
 */
export async function readNpz(path: string): Promise<NpzTensors> {
  const bytes = await readBytes(path);
  const arrays = await parseFile(path, () => decodeNpz(bytes, sharedCopy));
  arrays.changeErrors((error) => inFile(path, error));
  return arrays;
}
