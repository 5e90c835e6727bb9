import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { type CompressionCodec, snappyUncompress } from "hyparquet";
import { damaged, unsupported } from "./damaged.ts";

/** Decompresses a page of a known size. */
type Decompress = (bytes: Uint8Array, size: number) => Uint8Array;

const CODECS: { readonly [C in CompressionCodec]?: Decompress } = {
  UNCOMPRESSED: (bytes) => bytes,
  SNAPPY: (bytes, size) => {
    const page = new Uint8Array(size);
    snappyUncompress(bytes, page);
    return page;
  },
  GZIP: (bytes, size) => plain(gunzipSync(bytes, { maxOutputLength: Math.max(1, size) })),
  BROTLI: (bytes, size) =>
    plain(brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) })),
  ZSTD: (bytes, size) => plain(zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, size) })),
};

/** The decompressors, for the library. */
export const COMPRESSORS: { readonly [C in CompressionCodec]?: Decompress } = CODECS;

/**
 * Checks a codec.
 *
 * @throws FlwrError "unimplemented" when it is not supported
 */
export function checkCodec(codec: CompressionCodec): void {
  if (Object.hasOwn(CODECS, codec)) return;
  throw unsupported(`The Parquet file is compressed with ${codec}, which is not supported`, [
    `Supported are ${
      Object.keys(CODECS).join(", ")
    }: with pandas, to_parquet(FILE, compression="zstd")`,
  ]);
}

/** Decompresses a page. @throws FlwrError "invalid-argument" when it has another size */
export function decompress(codec: CompressionCodec, bytes: Uint8Array, size: number): Uint8Array {
  const page = CODECS[codec]!(bytes, size);
  if (page.length !== size) throw damaged(`a page has ${page.length} bytes instead of ${size}`);
  return page;
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
