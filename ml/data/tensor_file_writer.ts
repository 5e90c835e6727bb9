import { FlwrError } from "../../base/error.ts";
import { sha256 } from "../../base/platform.ts";
import { readAt, writeAt } from "./file_io.ts";
import {
  BLOCK_BYTES,
  encodeHeader,
  MAGIC,
  placeTensors,
  PREAMBLE_BYTES,
  type TensorPlace,
  type TensorPlan,
} from "./tensor_file_layout.ts";

/** Writes bytes into a planned tensor, at `offset` bytes from its start. */
export type WriteTensorBytes = (name: string, offset: number, bytes: Uint8Array) => Promise<void>;

/**
 * Writes a data file under a temporary name, flushes it to the disk and renames it, so that `path` is a complete file
 * or does not exist. Only one writer may work on a path at a time.
 *
 * @param fill writes the tensors' bytes, in any order; bytes that it leaves out are zero
 * @throws any error of `fill`, after the temporary file is removed
 */
export async function writeTensorFile(
  path: string,
  plans: readonly TensorPlan[],
  fill: (write: WriteTensorBytes) => Promise<void>,
): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await writePartial(partial, placeTensors(plans), fill);
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}

async function writePartial(
  partial: string,
  places: readonly TensorPlace[],
  fill: (write: WriteTensorBytes) => Promise<void>,
): Promise<void> {
  using file = await Deno.open(partial, { create: true, truncate: true, read: true, write: true });
  const last = places.at(-1);
  await file.truncate(last === undefined ? 0 : last.offset + last.bytes);
  await fill(async (name, offset, bytes) => {
    const place = places.find(({ plan }) => plan.name === name);
    if (place === undefined || offset < 0 || offset + bytes.length > place.bytes) {
      throw new FlwrError("internal", `Bytes do not fit tensor "${name}" at ${offset}`);
    }
    await writeAt(file, place.offset + offset, bytes);
  });
  // The digests are computed from the bytes read back, not from those passed to write.
  const digests: string[][] = [];
  for (const place of places) digests.push(await digestBlocks(file, place));
  const header = encodeHeader({ tensors: places.map(({ plan }) => plan), digests });
  const preamble = new Uint8Array(PREAMBLE_BYTES);
  preamble.set(MAGIC);
  new DataView(preamble.buffer).setUint32(MAGIC.length, header.length, true);
  preamble.set(await sha256(header), MAGIC.length + 4);
  await writeAt(file, 0, preamble);
  await writeAt(file, PREAMBLE_BYTES, header);
  await file.sync();
}

async function digestBlocks(file: Deno.FsFile, place: TensorPlace): Promise<string[]> {
  const digests: string[] = [];
  for (let at = 0; at < place.bytes; at += BLOCK_BYTES) {
    const block = new Uint8Array(Math.min(BLOCK_BYTES, place.bytes - at));
    await readAt(file, place.offset + at, block);
    digests.push((await sha256(block)).toHex());
  }
  return digests;
}
