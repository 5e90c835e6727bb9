import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { fileKind } from "./file_kind.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

Deno.test("file kind: formats are recognised by their first bytes", () => {
  const kinds: [Uint8Array, RegExp][] = [
    [gzipSync("a,b\n"), /gzip/],
    [zstdCompressSync("a,b\n"), /zstd/],
    [bytesOf("BZh91AY&SY\x01\x02"), /bzip2/],
    [bytesOf("\xfd7zXZ\0\0\x04"), /xz/],
    [bytesOf("PK\x03\x04\x14"), /zip archive/],
    [bytesOf("PAR1\x15\x04"), /Parquet/],
    [bytesOf("\x89HDF\r\n\x1a\n"), /HDF5/],
    [bytesOf("\x80\x04\x95\x10"), /pickle/],
    [bytesOf('\x40\0\0\0\0\0\0\0{"a":'), /safetensors/],
    [bytesOf("\n<!DOCTYPE html>"), /web page/],
    [bytesOf("version https://git-lfs.github.com/spec/v1"), /Git LFS/],
  ];
  for (const [bytes, name] of kinds) assert.match(fileKind(bytes)?.name ?? "", name);
});

Deno.test("file kind: text is not recognised as one of them, even if it begins with the same letters", () => {
  for (const text of ["", "PAR1,PAR2\n", "BZh9,b\n", "PK,b\n", "<5,6\n", "7z,b\n", "%PDF,x\n"]) {
    assert.equal(fileKind(bytesOf(text)), undefined, text);
  }
});
