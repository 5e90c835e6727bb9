/**
 * Records of a zip archive: PKWARE's APPNOTE 6.3, section 4.3. The local record before a file's bytes and its directory
 * entry share fields, which have an offset of two more bytes in the entry.
 */
export const LOCAL = { signature: 0x04034b50, bytes: 30, shift: 0 } as const;
export const CENTRAL = { signature: 0x02014b50, bytes: 46, shift: 2 } as const;
export const END = { signature: 0x06054b50, bytes: 22 } as const;

/** The end record of zip64 and its locator (4.3.14 and 4.3.15), without extensible data. */
export const END64 = { signature: 0x06064b50, bytes: 56 } as const;
export const LOCATOR64 = { signature: 0x07064b50, bytes: 20 } as const;

/** Compression methods. */
export const Method = { stored: 0, deflated: 8 } as const;

/** Flags of an entry: it is encrypted; its name is UTF-8. */
export const ENCRYPTED_FLAG = 1;
export const UTF8_FLAG = 1 << 11;

/** Version 2.0 of the format, which is enough for stored and deflated files. */
export const VERSION = 20;

/** "Made by" Unix: the upper half of the external attributes is then a file mode. */
export const UNIX = 3;

/** Offsets of the fields of a local record; those of a directory entry are `shift` bytes larger. */
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

/** Offsets of fields that only a directory entry has. */
export const CentralField = {
  madeBy: 4,
  commentLength: 32,
  disk: 34,
  attributes: 38,
  offset: 42,
} as const;

/** Offsets of the fields of the record that ends an archive. */
export const EndField = {
  disk: 4,
  directoryDisk: 6,
  countHere: 8,
  count: 10,
  directoryBytes: 12,
  directoryOffset: 16,
  commentLength: 20,
} as const;
