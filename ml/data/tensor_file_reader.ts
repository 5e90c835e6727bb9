import { FlwrError } from "../../base/error.ts";
import { sha256 } from "../../base/platform.ts";
import { sharedData } from "../../base/shared_memory.ts";
import { arrayConstructor, itemSize } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor, tensorBytes } from "../../tensor/tensor.ts";
import { readAt } from "./file_io.ts";
import { sharedArray } from "./shared_array.ts";
import {
  BLOCK_BYTES,
  MAGIC,
  placeTensors,
  PREAMBLE_BYTES,
  type TensorFileHeader,
  type TensorPlace,
  type TensorPlan,
} from "./tensor_file_layout.ts";

/** Most bytes of a data file's header; CIFAR-10's has 13 kB. */
const MAX_HEADER_BYTES = 2 ** 20;

/** Number of blocks to hash concurrently; WebCrypto keeps a copy of each. */
const HASHES_IN_FLIGHT = 4;

/** Options of reading a tensor. */
export interface ReadTensorOptions {
  /** Number of rows to read, from the first (default: all, and all if there are fewer). */
  readonly rows?: number;
  /** Whether nobody changes the tensor: the threads of a simulation then keep it once (default false). */
  readonly readOnly?: boolean;
}

/** An open data file. Each byte is verified by the file's SHA-256 digests before it is returned. */
export class TensorFile implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #places: readonly TensorPlace[];
  readonly #digests: TensorFileHeader["digests"];

  private constructor(
    path: string,
    file: Deno.FsFile,
    places: readonly TensorPlace[],
    digests: TensorFileHeader["digests"],
  ) {
    this.#path = path;
    this.#file = file;
    this.#places = places;
    this.#digests = digests;
  }

  /**
   * Opens a data file that must contain exactly the planned tensors.
   *
   * @throws FlwrError "data-loss" when it is not such a file or is damaged; Deno.errors.NotFound when it does not exist
   */
  static async open(path: string, plans: readonly TensorPlan[]): Promise<TensorFile> {
    const file = await Deno.open(path);
    try {
      const places = placeTensors(plans);
      const { digests } = await readHeader(path, file, places);
      return new TensorFile(path, file, places, digests);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Reads a tensor, or its first rows, into memory that threads share. Calls must not overlap, because the file has a
   * single position.
   *
   * @throws FlwrError "data-loss" when a block does not match its digest
   */
  async read(name: string, options: ReadTensorOptions = {}): Promise<Tensor> {
    const index = this.#places.findIndex(({ plan }) => plan.name === name);
    const place = this.#places[index];
    if (place === undefined) throw new FlwrError("internal", `Data file has no tensor "${name}"`);
    const { dtype, shape: [all = 1, ...row] } = place.plan;
    const rows = Math.min(options.rows ?? all, all);
    const shape = [rows, ...row];
    const length = elementCount(shape);
    const fill = (target: Uint8Array) => this.#readBlocks(place, index, target);
    if (options.readOnly) {
      const key = JSON.stringify([this.#path, await this.#version(), name, rows]);
      const memory = await sharedData(key, length * itemSize(dtype), fill);
      if (memory !== undefined) return tensor(dtype, shape, new (arrayConstructor(dtype))(memory));
    }
    const read = tensor(dtype, shape, sharedArray(dtype, length));
    await fill(tensorBytes(read));
    return read;
  }

  /** What changes when the file is replaced. */
  async #version(): Promise<unknown> {
    const { mtime, size, ino } = await this.#file.stat();
    return [mtime?.getTime(), size, ino];
  }

  /** Reads the first bytes of a tensor. Complete blocks are hashed while the next ones are read. */
  async #readBlocks(place: TensorPlace, index: number, target: Uint8Array): Promise<void> {
    // WebCrypto copies the block at once, so one buffer is enough. It would not accept the shared memory itself.
    const block = new Uint8Array(BLOCK_BYTES);
    const checks: Promise<boolean>[] = [];
    for (let at = 0; at < target.length; at += BLOCK_BYTES) {
      const bytes = block.subarray(0, Math.min(BLOCK_BYTES, place.bytes - at));
      await readAt(this.#file, place.offset + at, bytes);
      checks.push(matches(bytes, this.#digests[index]![checks.length]!));
      target.set(bytes.subarray(0, target.length - at), at);
      await checks.at(-HASHES_IN_FLIGHT);
    }
    const wrong = (await Promise.all(checks)).indexOf(false);
    if (wrong !== -1) {
      throw damaged(
        this.#path,
        `block ${wrong} of "${place.plan.name}" does not match its SHA-256`,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

async function matches(bytes: Uint8Array, digest: string): Promise<boolean> {
  return (await sha256(bytes)).toHex() === digest;
}

async function readHeader(
  path: string,
  file: Deno.FsFile,
  places: readonly TensorPlace[],
): Promise<TensorFileHeader> {
  const { size } = await file.stat();
  if (size < PREAMBLE_BYTES) throw damaged(path, `it has only ${size} bytes`);
  const preamble = new Uint8Array(PREAMBLE_BYTES);
  await readAt(file, 0, preamble);
  if (MAGIC.some((byte, i) => preamble[i] !== byte)) {
    throw damaged(path, "it does not have the signature of a data file of this version");
  }
  const length = new DataView(preamble.buffer).getUint32(MAGIC.length, true);
  if (length > MAX_HEADER_BYTES || PREAMBLE_BYTES + length > size) {
    throw damaged(path, `its header has an invalid length: ${length}`);
  }
  const bytes = new Uint8Array(length);
  await readAt(file, PREAMBLE_BYTES, bytes);
  if (!await matches(bytes, preamble.subarray(MAGIC.length + 4).toHex())) {
    throw damaged(path, "its header does not match its SHA-256");
  }
  const header = JSON.parse(new TextDecoder().decode(bytes)) as TensorFileHeader;
  const plans = places.map(({ plan }) => plan);
  if (JSON.stringify(header.tensors) !== JSON.stringify(plans)) {
    throw damaged(path, "it contains other tensors than expected");
  }
  const last = places.at(-1);
  const expected = last === undefined ? 0 : last.offset + last.bytes;
  if (size !== expected) throw damaged(path, `it has ${size} bytes instead of ${expected}`);
  return header;
}

function damaged(path: string, how: string): FlwrError {
  return new FlwrError("data-loss", `Data file "${path}" is damaged: ${how}`, {
    hints: ["Delete the file and run the command again to create a new one"],
  });
}
