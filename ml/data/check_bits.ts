import { FlwrError } from "../../base/error.ts";

/** Medical devices have samples of 10 or 12 bits, and programs write them into 16 as they are. */
const MOST_UNSCALED_BITS = 12;

/**
 * Refuses pictures of 16 bits that were not scaled to the range of 16 bits. One may be dark; here all are.
 *
 * @param usedBits how many bits each picture of 16 bits uses
 * @throws FlwrError "invalid-argument" that names the folder
 */
export function checkBits(folder: string, usedBits: readonly number[]): void {
  const most = usedBits.reduce((most, bits) => Math.max(most, bits), 0);
  if (most === 0 || most > MOST_UNSCALED_BITS) return;
  throw new FlwrError(
    "invalid-argument",
    `Folder "${folder}" has pictures of 16 bits that use only ${most} of them: as 8 bits they would ` +
      `have ${most <= 8 ? "no values but 0" : `values up to ${2 ** (most - 8) - 1} of 255`}`,
    {
      hints: [
        `Multiply the samples by ${
          2 ** (16 - most)
        } and save the pictures again, or save them with 8 bits`,
        "Read masks of labels with readImageMasks, which keeps their numbers",
      ],
    },
  );
}
