import type { Orientation } from "./exif.ts";
import type { Picture } from "./picture.ts";

/** Orientations whose first row is displayed as a column. */
const SWAPS_SIDES: readonly Orientation[] = [5, 6, 7, 8];
/** Orientations whose rows, or columns, are displayed from the end (Exif 2.32, tag 274). */
const FROM_BOTTOM: readonly Orientation[] = [3, 4, 7, 8];
const FROM_RIGHT: readonly Orientation[] = [2, 3, 6, 7];

/** A stored picture as viewers display it. */
export function turnPicture(picture: Picture, orientation: Orientation): Picture {
  if (orientation === 1) return picture;
  const { width, height, channels, planes } = picture;
  const swaps = SWAPS_SIDES.includes(orientation);
  const [shownWidth, shownHeight] = swaps ? [height, width] : [width, height];
  const turned = new Uint8Array(planes.length);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    const plane = channel * width * height;
    for (let row = 0; row < shownHeight; row++) {
      for (let column = 0; column < shownWidth; column++) {
        const [down, across] = [
          FROM_BOTTOM.includes(orientation) ? shownHeight - 1 - row : row,
          FROM_RIGHT.includes(orientation) ? shownWidth - 1 - column : column,
        ];
        turned[to++] = planes[plane + (swaps ? across * width + down : down * width + across)]!;
      }
    }
  }
  return { ...picture, width: shownWidth, height: shownHeight, planes: turned };
}
