import { FlwrError } from "../../../base/error.ts";
import type { WriteTensorBytes } from "../tensor_file_writer.ts";
import { CIFAR10_CLASSES, IMAGE_BYTES, type Split, splitImages } from "./facts.ts";

/** Writes the data set from any source into a data file, piece by piece. */
export class Cifar10Sink {
  readonly batchImages: number;
  readonly #write: WriteTensorBytes;
  readonly #labels: Record<Split, number[]> = { train: [], test: [] };
  #images = 0;

  constructor(write: WriteTensorBytes, batchImages: number) {
    this.#write = write;
    this.batchImages = batchImages;
  }

  /**
   * Writes images.
   *
   * @param first position of the first image in its split
   * @param planes each image's red, green and blue plane, [images, 3, 32, 32]
   */
  async images(split: Split, first: number, planes: Uint8Array): Promise<void> {
    await this.#write(`${split}/images`, first * IMAGE_BYTES, planes);
    this.#images += planes.length / IMAGE_BYTES;
  }

  /**
   * Adds labels, in the order of their split.
   *
   * @throws FlwrError "data-loss" when a label is not a class
   */
  async labels(split: Split, labels: ArrayLike<unknown>): Promise<void> {
    const first = this.#labels[split].length;
    const room = splitImages(split, this.batchImages);
    if (first + labels.length > room) {
      throw damaged(`its ${split} part has more than ${room} labels`);
    }
    const bytes = Uint8Array.from(labels, (label, i) => {
      if (!Number.isInteger(label) || !CIFAR10_CLASSES[label as number]) {
        throw damaged(`label ${first + i} of its ${split} part is not a class`);
      }
      return label as number;
    });
    this.#labels[split].push(...bytes);
    await this.#write(`${split}/labels`, first, bytes);
  }

  /**
   * Checks that the data set is complete and balanced: each class has as many images as published.
   *
   * @throws FlwrError "data-loss" when it is not
   */
  finish(): void {
    for (const split of ["train", "test"] as const) {
      const expected = splitImages(split, this.batchImages) / CIFAR10_CLASSES.length;
      CIFAR10_CLASSES.forEach((name, label) => {
        const count = this.#labels[split].filter((other) => other === label).length;
        if (count === expected) return;
        throw damaged(
          `its ${split} part has ${count} labels of class ${name} instead of ${expected}`,
        );
      });
    }
    const images = splitImages("train", this.batchImages) + splitImages("test", this.batchImages);
    if (this.#images !== images) {
      throw damaged(`it has ${this.#images} images instead of ${images}`);
    }
  }
}

/** An error about the source of the data set. */
export function damaged(how: string, cause?: unknown): FlwrError {
  return new FlwrError("data-loss", `Source of CIFAR-10 is damaged: ${how}`, { cause });
}
