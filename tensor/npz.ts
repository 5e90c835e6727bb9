import { FlwrError } from "../base/error.ts";
import { decodeNpy, encodeNpy } from "./npy.ts";
import type { Tensor } from "./tensor.ts";
import { zip, zipEntries, type ZipEntry } from "./zip.ts";

const SUFFIX = ".npy";
/** Files that macOS adds to archives. They are not arrays, although some names end with ".npy". */
const MAC_OS = /(^|\/)(__MACOSX\/|\._[^/]*$|\.DS_Store$)/;

/** Encodes tensors by name as a .npz file, which numpy's `load` reads: an uncompressed zip archive of .npy files. */
export function encodeNpz(
  tensors: Iterable<readonly [name: string, Tensor]>,
): Uint8Array<ArrayBuffer> {
  return zip(Array.from(tensors, ([name, tensor]) => [name + SUFFIX, encodeNpy(tensor)] as const));
}

/**
 * The tensors of a .npz file by name, in the file's order. As with numpy's `load`, a member that cannot be read, such
 * as text, causes an error only when it is used: `get` of its name throws, and so does iterating over all tensors.
 * Other members are not affected. `delete` removes the unreadable member.
 */
export class NpzTensors extends Map<string, Tensor> {
  readonly #unreadable = new Map<string, FlwrError>();
  readonly #others = new Map<string, FlwrError>();

  /** The names of the arrays that cannot be read, with the errors. */
  get unreadable(): ReadonlyMap<string, FlwrError> {
    return this.#unreadable;
  }

  /** Sets the error of a member that cannot be read. @param isArray whether it counts as one of the arrays */
  refuse(name: string, error: FlwrError, isArray: boolean): void {
    (isArray ? this.#unreadable : this.#others).set(name, error);
  }

  /** Replaces the errors of all unreadable members, for example to name the file. */
  changeErrors(change: (error: FlwrError) => FlwrError): void {
    for (const errors of [this.#unreadable, this.#others]) {
      for (const [name, error] of errors) errors.set(name, change(error));
    }
  }

  /**
   * The tensor with this name; undefined if there is none.
   *
   * @throws FlwrError that names the member when it cannot be read
   */
  override get(name: string): Tensor | undefined {
    const error = this.#unreadable.get(name) ??
      (super.has(name) ? undefined : this.#others.get(name));
    if (error !== undefined) throw error;
    return super.get(name);
  }

  /** Whether the file has an array with this name, readable or not. */
  override has(name: string): boolean {
    return super.has(name) || this.#unreadable.has(name);
  }

  /** Adds or replaces a tensor. */
  override set(name: string, tensor: Tensor): this {
    // A Map's constructor may call `set` before this class has its fields.
    if (#unreadable in this) this.#unreadable.delete(name);
    return super.set(name, tensor);
  }

  /** Removes an array, readable or not. */
  override delete(name: string): boolean {
    return this.#unreadable.delete(name) || super.delete(name);
  }

  /** Removes all arrays. */
  override clear(): void {
    this.#unreadable.clear();
    super.clear();
  }

  /** Number of arrays, readable or not. */
  override get size(): number {
    return super.size + this.#unreadable.size;
  }

  /** All names; those of unreadable arrays come last. */
  override *keys(): MapIterator<string> {
    yield* super.keys();
    yield* this.#unreadable.keys();
  }

  /** All tensors. @throws FlwrError when one cannot be read */
  override values(): MapIterator<Tensor> {
    this.#refuseAll();
    return super.values();
  }

  /** All names and tensors. @throws FlwrError when one cannot be read */
  override entries(): MapIterator<[string, Tensor]> {
    this.#refuseAll();
    return super.entries();
  }

  /** All names and tensors. @throws FlwrError when one cannot be read */
  override [Symbol.iterator](): MapIterator<[string, Tensor]> {
    return this.entries();
  }

  /** Calls back for each tensor. @throws FlwrError when one cannot be read */
  override forEach(
    callback: (tensor: Tensor, name: string, map: Map<string, Tensor>) => void,
  ): void {
    this.#refuseAll();
    super.forEach(callback);
  }

  #refuseAll(): void {
    for (const error of this.#unreadable.values()) throw error;
  }
}

/**
 * Decodes the tensors of a .npz file, as numpy's `savez` and `savez_compressed` write it, by name and in the file's
 * order. Folders and files that macOS adds to archives are ignored.
 *
 * @param keep converts each tensor to what is stored (default: the tensor itself, which may be a view of `bytes`)
 * @throws FlwrError "invalid-argument" when the bytes are not such a file, or it has files and none of them is an
 * array; "data-loss", "unimplemented" or "resource-exhausted" when the archive itself cannot be read. Errors of a
 * single member are thrown when it is used, see {@link NpzTensors}.
 */
export function decodeNpz(
  bytes: Uint8Array,
  keep: (tensor: Tensor) => Tensor = (tensor) => tensor,
): NpzTensors {
  const tensors = new NpzTensors();
  const entries = zipEntries(bytes).filter(({ name }) => !name.endsWith("/") && !MAC_OS.test(name));
  if (entries.length > 0 && !entries.some(({ name }) => name.endsWith(SUFFIX))) {
    throw noArrays(entries);
  }
  for (const entry of entries) {
    if (!entry.name.endsWith(SUFFIX)) {
      const problem = `Archive contains "${entry.name}", which is not a .npy file`;
      tensors.refuse(entry.name, new FlwrError("invalid-argument", problem), false);
      continue;
    }
    const name = entry.name.slice(0, -SUFFIX.length);
    try {
      tensors.set(name, keep(readTensor(name, entry)));
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      tensors.refuse(name, error, true);
    }
  }
  return tensors;
}

/** The error for an archive of another format. */
function noArrays(entries: readonly ZipEntry[]): FlwrError {
  const has = (pattern: RegExp) => entries.some(({ name }) => pattern.test(name));
  const [kind, hint] = has(/(^|\/)data\.pkl$/)
    ? ["a file of torch.save", "Save the arrays in Python: numpy.savez(NEW, **arrays)"]
    : has(/^\[Content_Types\]\.xml$/)
    ? ["an Office document, such as .xlsx", "Save the sheet as CSV, and read it with readCsv"]
    : ["a zip archive of other files", "Write arrays with numpy.savez, or unpack the archive"];
  return new FlwrError("invalid-argument", `Archive contains no .npy file: it is ${kind}`, {
    hints: [hint],
  });
}

function readTensor(name: string, entry: ZipEntry): Tensor {
  try {
    return decodeNpy(entry.read());
  } catch (error) {
    if (!(error instanceof FlwrError)) throw error;
    throw new FlwrError(error.code, `Array "${name}": ${error.message}`, { hints: error.hints });
  }
}
