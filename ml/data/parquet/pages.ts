import type { CompressionCodec } from "hyparquet";
import { decompress } from "./codecs.ts";
import { damaged, unsupported } from "./damaged.ts";
import { readThrift, type ThriftStruct } from "./thrift.ts";

/** Largest page, decompressed, in bytes. Writers make pages of about 1 MiB. */
const MAX_PAGE_BYTES = 2 ** 27;
/** Most values of a page. */
const MAX_PAGE_VALUES = 2 ** 24;

/** Types of pages (parquet.thrift, PageType). */
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const DATA_PAGE_V2 = 3;
/** Encodings of values (parquet.thrift, Encoding). */
const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
const RLE = 3;
const RLE_DICTIONARY = 8;
const ENCODINGS: readonly unknown[] = [PLAIN, PLAIN_DICTIONARY, RLE, 5, 6, 7, RLE_DICTIONARY, 9];

/**
 * Checks the headers of a column's pages before the library decodes them, because it reserves the memory and takes the
 * time that they demand.
 *
 * @param bytes the column's part of one row group
 * @param rows number of rows of the group
 * @throws FlwrError "invalid-argument" when pages exceed the part or have another number of rows, "resource-exhausted"
 * when one is too large
 */
export function checkPages(bytes: Uint8Array, rows: number, codec: CompressionCodec): void {
  let left = rows;
  for (let at = 0; left > 0;) {
    const { value: header, end } = readThrift(bytes, at);
    const [type, size, stored] = [1, 2, 3].map((field) => integer(header, field)) as [
      number,
      number,
      number,
    ];
    if (stored > bytes.length - end) throw damaged("a page is longer than its column");
    if (size > MAX_PAGE_BYTES) throw tooLarge(`${size} bytes`);
    if (codec === "UNCOMPRESSED" && size !== stored) throw damaged("a page has two sizes");
    at = end + stored;
    if (type === DICTIONARY_PAGE) {
      const dictionary = part(header, 7);
      checkEncoding(dictionary, 2);
      // Booleans are the smallest values, with one bit; they have no dictionary.
      if (integer(dictionary, 1) > size) throw damaged("a dictionary has more values than bytes");
      continue;
    }
    if (type !== DATA_PAGE && type !== DATA_PAGE_V2) {
      throw damaged(`a page has the unknown type ${type}`);
    }
    const data = part(header, type === DATA_PAGE ? 5 : 8);
    const values = integer(data, 1);
    if (values > left) throw damaged("its pages have more rows than their group");
    if (values > MAX_PAGE_VALUES) throw tooLarge(`${values} rows`);
    left -= values;
    const encoding = checkEncoding(data, type === DATA_PAGE ? 2 : 4);
    if (type === DATA_PAGE_V2) {
      checkSecondVersion(data, encoding, { bytes: bytes.subarray(end, at), size, values, codec });
    }
  }
}

/** Checks a data page of version 2. Its numbers of nulls and rows, and its levels, are not compressed. */
function checkSecondVersion(
  data: ThriftStruct,
  encoding: number,
  page: { bytes: Uint8Array; size: number; values: number; codec: CompressionCodec },
): void {
  const [nulls, rows] = [integer(data, 2), integer(data, 3)];
  const levels = integer(data, 5) + integer(data, 6);
  if (nulls > page.values || rows !== page.values) {
    throw damaged("a page has wrong numbers of rows");
  }
  if (levels > page.bytes.length || levels > page.size) {
    throw damaged("a page's levels are too long");
  }
  if (encoding !== PLAIN_DICTIONARY && encoding !== RLE_DICTIONARY) return;
  const stored = page.bytes.subarray(levels);
  const isPlain = data.get(7) === false || page.size === levels;
  const plain = isPlain ? stored : decompress(page.codec, stored, page.size - levels);
  if (plain[0] === 0) checkZeroWidth(plain, page.values - nulls);
}

/** Checks runs of indices of 0 bits, whose lengths alone decide how long the library works. */
function checkZeroWidth(bytes: Uint8Array, values: number): void {
  let at = 1;
  for (let seen = 0; seen < values;) {
    let header = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw damaged("a page's indices are too short");
      header += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    const run = Math.floor(header / 2) * (header % 2 === 1 ? 8 : 1);
    // A run of groups is filled up to 8 values, and has a byte that the library skips.
    if (run > values - seen + 7) throw damaged("a page has more indices than rows");
    if (header % 2 === 1) at++;
    seen += run;
  }
}

function checkEncoding(header: ThriftStruct, field: number): number {
  const encoding = integer(header, field);
  if (ENCODINGS.includes(encoding)) return encoding;
  throw unsupported(`The Parquet file has the encoding ${encoding}, which is not supported`, [
    "Write the file again with another program or version, for example with pandas: to_parquet",
  ]);
}

function part(header: ThriftStruct, field: number): ThriftStruct {
  const value = header.get(field);
  if (value instanceof Map) return value;
  throw damaged("a page has no header for its type");
}

function integer(header: ThriftStruct, field: number): number {
  const value = header.get(field);
  if (typeof value === "number" && value >= 0) return value;
  throw damaged("a page's header lacks a number");
}

function tooLarge(size: string) {
  return unsupported(`The Parquet file has a page of ${size}, which is too large`, [
    "Write the file with smaller pages, for example with pyarrow: write_table(…, data_page_size=1048576)",
  ]);
}
