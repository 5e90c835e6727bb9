/**
 * The records of a zip archive: PKWARE's APPNOTE 6.3, section 4.3. What precedes a file's bytes and the entry of the
 * directory share their fields, which the directory has two bytes further on.
 */
export const LOCAL = { signature: 0x04034b50, bytes: 30, shift: 0 } as const;
export const CENTRAL = { signature: 0x02014b50, bytes: 46, shift: 2 } as const;
export const END = { signature: 0x06054b50, bytes: 22 } as const;

/** The end record of zip64 and its locator (4.3.14 and 4.3.15), without extensible data. */
export const END64 = { signature: 0x06064b50, bytes: 56 } as const;
export const LOCATOR64 = { signature: 0x07064b50, bytes: 20 } as const;

/** How a file's bytes are kept. */
export const Method = { stored: 0, deflated: 8 } as const;

/** Flags of an entry: it is encrypted; its name is UTF-8. */
export const ENCRYPTED_FLAG = 1;
export const UTF8_FLAG = 1 << 11;

/** Version 2.0 of the format: enough for stored and deflated files. */
export const VERSION = 20;

/** "Made on": Unix, so that the upper half of the external attributes is a file mode. */
export const UNIX = 3;

/** Fields of a local record by their offsets; a directory's entry has them `shift` bytes further on. */
export const Field = {
  version: 4,
  flags: 6,
  method: 8,
  time: 10,
  date: 12,
  crc: 14,
  packed: 18,
  size: 22,
  nameLength: 26,
  extraLength: 28,
} as const;

/** Fields that only a directory's entry has. */
export const CentralField = {
  madeBy: 4,
  commentLength: 32,
  disk: 34,
  attributes: 38,
  offset: 42,
} as const;

/** Fields of the record that ends an archive. */
export const EndField = {
  disk: 4,
  directoryDisk: 6,
  countHere: 8,
  count: 10,
  directoryBytes: 12,
  directoryOffset: 16,
  commentLength: 20,
} as const;
