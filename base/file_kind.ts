/** A file format that is often mistaken for another. */
export interface FileKind {
  /** A noun with its article, as in "The file is a zip archive". */
  readonly name: string;
  /** How to get at the content, as a sentence; undefined if that depends on the purpose. */
  readonly hint?: string;
}

/** First bytes of a format, as ISO 8859-1 characters, or a test of them. */
type Start = string | ((start: string) => boolean);

/** The signatures are from each format's specification. */
const KINDS: readonly (FileKind & { readonly start: Start })[] = [
  { start: "\x1f\x8b", name: "compressed with gzip", hint: "Unpack it: gunzip FILE" },
  // The first block's mark excludes text that begins with the same letters.
  {
    start: (start) => /^BZh[1-9]1AY&SY/.test(start),
    name: "compressed with bzip2",
    hint: "Unpack it: bunzip2 FILE",
  },
  { start: "\xfd7zXZ\0", name: "compressed with xz", hint: "Unpack it: unxz FILE" },
  { start: "\x28\xb5\x2f\xfd", name: "compressed with zstd", hint: "Unpack it: unzstd FILE" },
  { start: "\x04\x22\x4d\x18", name: "compressed with lz4", hint: "Unpack it: unlz4 FILE" },
  { start: "7z\xbc\xaf\x27\x1c", name: "a 7-Zip archive", hint: "Unpack it: 7z x FILE" },
  {
    start: (start) => start.startsWith("PK\x03\x04") || start.startsWith("PK\x05\x06"),
    name: "a zip archive, as are .xlsx and .npz files",
    hint: "Unpack it: unzip FILE. Of a spreadsheet, save the sheet as CSV",
  },
  {
    start: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    name: "an old Office document, such as .xls",
    hint: "Open it in its program, and save the sheet as CSV",
  },
  {
    // The header field of the first page excludes a table whose first column has that name.
    start: "PAR1\x15",
    name: "a Parquet file",
    hint:
      "Read tables with readParquet. Convert other data, for example with pandas: read_parquet(FILE)",
  },
  {
    start: "ARROW1\0\0",
    name: "an Arrow or Feather file",
    hint: "Convert it, for example with pandas: read_feather(FILE).to_csv(NEW, index=False)",
  },
  { start: "SQLite format 3\0", name: "an SQLite database", hint: "Export the table" },
  { start: "\x89HDF\r\n\x1a\n", name: "an HDF5 file", hint: "Convert it with h5py" },
  {
    start: "MATLAB 5.0 MAT-file",
    name: "a MATLAB file",
    hint: "Convert it in Python: scipy.io.loadmat and numpy.savez",
  },
  {
    // A protocol number of 2 to 5, and an opcode that can come first.
    start: (start) =>
      start[0] === "\x80" && "\x02\x03\x04\x05".includes(start[1]!) &&
      /^[}\](cX\x95\x8c]/.test(start.slice(2)),
    name: "a Python pickle",
    hint: "Load it in Python, and save its content in a plain format",
  },
  // The length of the JSON header that follows, less than 4 GiB.
  {
    start: (start) => start.startsWith("\0\0\0\0{", 4),
    name: "a safetensors file",
    hint: "Convert it in Python, for example with safetensors.numpy.load_file and numpy.savez",
  },
  { start: "\x93NUMPY", name: "an array in numpy's .npy format", hint: "Read it with readNpy" },
  { start: "%PDF-", name: "a PDF document" },
  {
    start: "version https://git-lfs",
    name: "a Git LFS pointer instead of the file",
    hint: "Fetch the file itself: git lfs pull",
  },
  {
    start: (start) => /^\s*<(!doctype html|html)\b/i.test(start),
    name: "a web page",
    hint: "Download the file itself, not the page that shows it",
  },
];

/** Number of a file's first bytes that {@link fileKind} needs. */
export const FILE_KIND_BYTES = 64;

/**
 * The format of a file, from its first bytes; undefined if it is none of the formats that are often given by mistake.
 */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, FILE_KIND_BYTES));
  return KINDS.find((kind) =>
    typeof kind.start === "string" ? start.startsWith(kind.start) : kind.start(start)
  );
}
