/** Bytes of one block of a data file: what is verified by one digest. */
export const BLOCK_BYTES = 2 ** 20;

/** Most bytes of a data file's header; CIFAR-10's takes 13 kB. */
export const MAX_HEADER_BYTES = 2 ** 20;

/** Most files in an archive that we read. */
export const MAX_ARCHIVE_ENTRIES = 1_000;

/** Most bytes of one file in an archive; the largest of CIFAR-10 are 31 MB. */
export const MAX_ARCHIVE_ENTRY_BYTES = 2 ** 26;

/** Most bytes of all files in an archive together. */
export const MAX_ARCHIVE_BYTES = 2 ** 30;

/** A download that brings nothing for this many seconds has failed. */
export const DOWNLOAD_STALL_SECONDS = 60;

/** How often a download says how far it is: every so many percent. */
export const PROGRESS_PERCENT = 10;

/** Most pixels of one picture. */
export const MAX_IMAGE_PIXELS = 2 ** 26;

/** Most pixels of one JPEG picture: its decoder takes some 40 bytes for each. */
export const MAX_JPEG_PIXELS = 2 ** 25;

/** Most memory of the JPEG decoder, in MiB: for the largest picture with colours as fine as brightness. */
export const MAX_JPEG_MEGABYTES = 1_024;

/** How deep folders of pictures may lie in one another. */
export const MAX_FOLDER_DEPTH = 32;

/** Longest line, and record, of a CSV file: one without a closing quote must not take the rest of a large file. */
export const MAX_CSV_LINE_BYTES = 2 ** 24;

/** Most categories of a column of a CSV file: more are names, not categories. */
export const MAX_CSV_CATEGORIES = 100_000;
