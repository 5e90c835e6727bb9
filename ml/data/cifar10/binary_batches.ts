import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { readTar } from "../tar.ts";
import { IMAGE_BYTES, TRAIN_BATCHES } from "./facts.ts";
import { type Cifar10Sink, damaged } from "./sink.ts";

/** File name of the official archive of the binary version. */
export const BINARY_ARCHIVE = "cifar-10-binary.tar.gz";
/** The folder in the official archive. */
export const BINARY_FOLDER = "cifar-10-batches-bin";

const FILES = [
  ...Array.from({ length: TRAIN_BATCHES }, (_, i) => `data_batch_${i + 1}.bin`),
  "test_batch.bin",
];
/** One record: the label, then the red, green and blue plane. */
const RECORD_BYTES = 1 + IMAGE_BYTES;

/**
 * Finds the folder with the official binary batches: the given one, or the archive's folder in it.
 *
 * @returns undefined if neither has any of them
 * @throws FlwrError "not-found" when one has some of the batches but not all
 */
export async function findBinaryBatches(folder: string): Promise<string | undefined> {
  for (const place of [folder, join(folder, BINARY_FOLDER)]) {
    const missing: string[] = [];
    for (const file of FILES) {
      const found = await Deno.stat(join(place, file)).then(({ isFile }) => isFile, () => false);
      if (!found) missing.push(file);
    }
    if (missing.length === 0) return place;
    if (missing.length < FILES.length) {
      throw new FlwrError("not-found", `Batches of CIFAR-10 are missing in "${place}": ${missing}`);
    }
  }
  return undefined;
}

/** Reads the official binary batches from a folder with all of them. */
export async function readBinaryFolder(
  folder: string,
  sink: Cifar10Sink,
  onBatch: (count: number) => void,
): Promise<void> {
  for (const [i, file] of FILES.entries()) {
    await readBatch(file, await Deno.readFile(join(folder, file)), sink);
    onBatch(i + 1);
  }
}

/** Reads the official binary batches from their archive. */
export async function readBinaryArchive(
  archive: ReadableStream<Uint8Array>,
  sink: Cifar10Sink,
  onBatch: (count: number) => void,
): Promise<void> {
  const batches = new Map<string, Uint8Array>();
  const baseName = (name: string) => name.slice(name.lastIndexOf("/") + 1);
  for await (const { name, bytes } of readTar(archive, (name) => FILES.includes(baseName(name)))) {
    batches.set(baseName(name), bytes);
  }
  // The archive has the batches in no particular order, but labels must be added in order.
  for (const [i, file] of FILES.entries()) {
    const bytes = batches.get(file);
    if (bytes === undefined) throw damaged(`its archive does not contain "${file}"`);
    await readBatch(file, bytes, sink);
    batches.delete(file);
    onBatch(i + 1);
  }
}

async function readBatch(file: string, bytes: Uint8Array, sink: Cifar10Sink): Promise<void> {
  const count = sink.batchImages;
  if (bytes.length !== count * RECORD_BYTES) {
    throw damaged(`"${file}" has ${bytes.length} bytes instead of ${count * RECORD_BYTES}`);
  }
  const images = new Uint8Array(count * IMAGE_BYTES);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const record = bytes.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES);
    labels[i] = record[0]!;
    images.set(record.subarray(1), i * IMAGE_BYTES);
  }
  const batch = FILES.indexOf(file);
  const split = batch < TRAIN_BATCHES ? "train" : "test";
  await sink.images(split, split === "train" ? batch * count : 0, images);
  await sink.labels(split, labels);
}
