import { encode } from "fast-png";
import { createHash } from "node:crypto";
import { tarArchive } from "../tar_fixture.ts";
import { IMAGE_BYTES } from "./facts.ts";

/** Number of images per batch in a small data set with the format of CIFAR-10, for tests. */
export const FEW = 20;

/** Pixel values that differ by image, channel and position. */
export function pixel(batch: number, image: number, channel: number, at: number): number {
  return (batch * 40 + image * 3 + channel * 80 + at) % 256;
}

/** The class of an image; all classes are equally frequent. */
export const label = (image: number): number => image % 10;

/** One image, plane by plane. */
export function planes(batch: number, image: number): Uint8Array {
  return Uint8Array.from(
    { length: IMAGE_BYTES },
    (_, i) => pixel(batch, image, Math.floor(i / 1024), i % 1024),
  );
}

/** The files of the npm package; `changes` replaces or removes some. */
export async function packageArchive(
  changes: Readonly<Record<string, Uint8Array | undefined>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const json = (count: number) =>
    new TextEncoder().encode(JSON.stringify(Array.from({ length: count }, (_, i) => label(i))));
  const files: Record<string, Uint8Array | undefined> = {
    "package/package.json": new TextEncoder().encode("{}"),
    ...Object.fromEntries(
      [0, 1, 2, 3, 4].map((i) => [`package/data_batch_${i + 1}.png`, picture(i)]),
    ),
    "package/test_batch.png": picture(5),
    "package/test_lables.json": json(FEW),
    "package/train_lables.json": json(5 * FEW),
    ...changes,
  };
  const entries = Object.entries(files).flatMap(([name, content]) =>
    content ? [{ name, content }] : []
  );
  return await gzip(tarArchive(entries));
}

function picture(batch: number): Uint8Array {
  const data = Uint8Array.from({ length: FEW * IMAGE_BYTES }, (_, i) => {
    const at = Math.floor(i % IMAGE_BYTES / 3);
    return pixel(batch, Math.floor(i / IMAGE_BYTES), i % 3, at);
  });
  return encode({ width: 1024, height: FEW, channels: 3, depth: 8, data });
}

/** The official binary batches by name. */
export function binaryBatches(): Record<string, Uint8Array> {
  return Object.fromEntries([0, 1, 2, 3, 4, 5].map((batch) => {
    const bytes = new Uint8Array(FEW * (1 + IMAGE_BYTES));
    for (let image = 0; image < FEW; image++) {
      bytes[image * (1 + IMAGE_BYTES)] = label(image);
      bytes.set(planes(batch, image), image * (1 + IMAGE_BYTES) + 1);
    }
    return [batch === 5 ? "test_batch.bin" : `data_batch_${batch + 1}.bin`, bytes];
  }));
}

/** Compresses bytes. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The Subresource Integrity string of bytes. */
export function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}
