/**
 * Writes libjpeg-turbo's decoder in WebAssembly, from the npm package @cwasm/jpeg-turbo, as a module with a text: apps in a
 * sandbox may import modules and may not read other files, and an executable contains modules.
 *
 *     deno run -A scripts/jpeg_turbo.ts
 */
import { deflateSync } from "node:zlib";

/** The module that the program imports. */
const TARGET = new URL("../ml/data/picture/jpeg_turbo_wasm.ts", import.meta.url);

/** The decoder in the npm package. */
export function packagedDecoder(): Promise<Uint8Array> {
  return Deno.readFile(
    new URL("../node_modules/@cwasm/jpeg-turbo/jpeg-turbo.wasm", import.meta.url),
  );
}

if (import.meta.main) {
  const decoder = await packagedDecoder();
  const packed = deflateSync(decoder, { level: 9 });
  await Deno.writeTextFile(
    TARGET,
    `// Written by scripts/jpeg_turbo.ts from @cwasm/jpeg-turbo 0.1.3. Do not edit.
// @cwasm/jpeg-turbo: MIT, Linus Unnebäck. libjpeg-turbo: IJG and Modified BSD licences. This software is based in part on
// the work of the Independent JPEG Group.
/** The decoder in WebAssembly, deflated (RFC 1950), in base64. */
export const JPEG_TURBO =
  "${packed.toBase64()}";
/** Bytes of the decoder. */
export const JPEG_TURBO_BYTES = ${decoder.length};
`,
  );
}
