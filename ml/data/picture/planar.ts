/**
 * Separates pixels into one plane per channel.
 *
 * @param pixels [images, height, width, channels], as in image files
 * @param area height times width of one image
 * @returns [images, channels, height, width], as for convolutions
 */
export function toPlanar(
  pixels: Uint8Array,
  area: number,
  channels: number,
): Uint8Array<ArrayBuffer> {
  const planes = new Uint8Array(pixels.length);
  const imageBytes = area * channels;
  for (let image = 0; image < pixels.length; image += imageBytes) {
    for (let channel = 0; channel < channels; channel++) {
      const plane = image + channel * area;
      for (let i = 0, from = image + channel; i < area; i++, from += channels) {
        planes[plane + i] = pixels[from]!;
      }
    }
  }
  return planes;
}
