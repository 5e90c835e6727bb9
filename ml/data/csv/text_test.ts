import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { FlwrError } from "../../../base/error.ts";
import { zip } from "../../../tensor/zip.ts";
import { decodeText } from "./text.ts";

const TABLE = "a,b\n1,2\n3,4\n";
const ascii = (text: string) => new TextEncoder().encode(text);

/** Text in UTF-16 or UTF-32. */
function wide(text: string, bytes: 2 | 4, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes * text.length));
  for (let i = 0; i < text.length; i++) {
    if (bytes === 2) view.setUint16(2 * i, text.charCodeAt(i), little);
    else view.setUint32(4 * i, text.charCodeAt(i), little);
  }
  return new Uint8Array(view.buffer);
}

/** The error for a file whose first bytes arrive one by one. */
async function errorOf(bytes: Uint8Array): Promise<FlwrError> {
  async function* pieces() {
    for (let i = 0; i < Math.min(bytes.length, 100); i++) yield bytes.subarray(i, i + 1);
    yield bytes.subarray(100);
  }
  try {
    await Array.fromAsync(decodeText(pieces()));
  } catch (error) {
    assert(error instanceof FlwrError, String(error));
    assert.equal(error.code, "invalid-argument");
    return error;
  }
  assert.fail("not refused");
}

Deno.test("csv: errors for files of other formats name the format and a remedy", async () => {
  for (
    const [bytes, name, hint] of [
      [gzipSync(TABLE.repeat(100)), /gzip/, /gunzip/],
      [zip([["xl/workbook.xml", ascii("<a/>")]]), /zip archive, as are .xlsx/, /save the sheet/],
      [ascii("PAR1\x15\x04"), /Parquet/, /read_parquet/],
      [wide("\ufeff" + TABLE, 4, true), /UTF-32/, /UTF-8/],
      [wide("\ufeff" + TABLE, 4, false), /UTF-32/, /UTF-8/],
    ] as const
  ) {
    const error = await errorOf(bytes);
    assert.match(error.message, name);
    assert.match(error.hints.join(), hint);
  }
});

Deno.test("csv: the hint at UTF-16 appears only if every second byte is zero", async () => {
  const hintOf = async (bytes: Uint8Array) => (await errorOf(bytes)).hints.join();
  assert.match(await hintOf(wide(TABLE.repeat(20), 2, true)), /"utf-16le"/);
  assert.match(await hintOf(wide(TABLE.repeat(20), 2, false)), /"utf-16be"/);
  assert.match(await hintOf(wide(TABLE, 2, true)), /"utf-16le"/);
  assert.match(await hintOf(ascii("a,b\n1,\0\n")), /damaged/);
  assert.match(await hintOf(ascii("a,\0b\n1,2\n")), /damaged/);
});
