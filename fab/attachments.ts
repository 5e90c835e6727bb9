import { createHash } from "node:crypto";
import { FlwrError } from "../base/error.ts";
import { sha256Hex } from "../base/platform.ts";
import { pathFault } from "./path.ts";
import { quoted, refused, tooLarge } from "./refusal.ts";

/** Largest attachment in bytes: a model of about 130 million float32. Attachments are sent separately from the FAB. */
export const MAX_ATTACHMENT_BYTES = 512 * 1024 * 1024;

/** Largest total size of the attachments of one app, in bytes. */
export const MAX_ATTACHED_BYTES = 2 * MAX_ATTACHMENT_BYTES;

/** Largest number of attachments of one app. */
export const MAX_ATTACHMENTS = 32;

/**
 * Size of a piece of an attachment except for the last, in bytes. One call sends one piece, and programs load no more.
 */
export const ATTACHMENT_PIECE_BYTES = 4 * 1024 * 1024;

/** Path of the list of attachments in a FAB. Flower's own FABs have no such file. */
export const ATTACHMENTS_PATH = ".info/ATTACHMENTS";

/** Endings of files that can be attachments: models, PyTorch's external weights, and arrays. */
export const ATTACHMENT_ENDINGS = [".onnx", ".onnx.data", ".npz", ".npy", ".safetensors"] as const;

/**
 * A file of an app that is not in its FAB. The FAB lists its hash. It is sent in pieces, each identified by its own
 * hash: each piece can be verified and stored by itself, and a piece that the receiver has is not sent again.
 */
export interface Attachment {
  /** Path of the file in the app's folder, with "/". */
  readonly path: string;
  /** SHA-256 of the file, lower-case hexadecimal. */
  readonly sha256: string;
  /** Size of the file in bytes; at least 1. */
  readonly size: number;
  /** SHA-256 of each piece, in order. Each piece except the last has ATTACHMENT_PIECE_BYTES. */
  readonly pieces: readonly string[];
}

/** Loads a piece by its SHA-256. @throws FlwrError if it is not available */
export type GetPiece = (hash: string) => Promise<Uint8Array>;

/**
 * Checks the path of an attachment.
 *
 * @returns what is wrong, as the end of a sentence that begins with the path; undefined if it is valid
 */
export function attachmentFault(path: string): string | undefined {
  const fault = pathFault(path);
  if (fault !== undefined) return fault;
  if (path.startsWith(".info/")) return "is in the reserved folder .info";
  // Nodes show the path in their logs.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(path)) return "has an invisible character";
  if (ATTACHMENT_ENDINGS.some((ending) => path.endsWith(ending))) return undefined;
  return `has a name that ends in none of ${ATTACHMENT_ENDINGS.join(", ")}`;
}

/** Encodes the list of attachments for a FAB: one line "path,hash,bytes,piece piece …" for each. */
export function writeAttachmentList(attachments: readonly Attachment[]): Uint8Array {
  const lines = attachments.map(({ path, sha256, size, pieces }) =>
    `${path},${sha256},${size},${pieces.join(" ")}`
  );
  return new TextEncoder().encode(lines.join("\n"));
}

/**
 * Parses the list of attachments of a FAB and checks each entry. Call `collision` to check the paths against each
 * other.
 *
 * @throws FlwrError invalid-argument, naming the line; resource-exhausted beyond the limits
 */
export function readAttachmentList(list: Uint8Array): Attachment[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(list);
  } catch (cause) {
    throw refused(`its ${ATTACHMENTS_PATH} is not UTF-8 text`, cause);
  }
  const attachments = text.split("\n").map(readLine);
  checkAttachmentSizes(attachments, tooLarge);
  return attachments;
}

/**
 * Checks the number and sizes of an app's attachments.
 *
 * @param error creates the error; gets the end of its sentence
 */
export function checkAttachmentSizes(
  attachments: readonly Pick<Attachment, "path" | "size">[],
  error: (how: string) => FlwrError,
): void {
  if (attachments.length > MAX_ATTACHMENTS) {
    throw error(`it has ${attachments.length} attachments; the limit is ${MAX_ATTACHMENTS}`);
  }
  const large = attachments.find(({ size }) => size > MAX_ATTACHMENT_BYTES);
  if (large !== undefined) {
    const { path, size } = large;
    throw error(`${quoted(path)} has ${size} bytes; the limit is ${MAX_ATTACHMENT_BYTES}`);
  }
  const total = attachments.reduce((sum, { size }) => sum + size, 0);
  if (total <= MAX_ATTACHED_BYTES) return;
  throw error(`its attachments have ${total} bytes; the limit is ${MAX_ATTACHED_BYTES}`);
}

const HASH = /^[0-9a-f]{64}$/;

function readLine(line: string): Attachment {
  const [path = "", hash = "", bytes = "", hashes = "", ...more] = line.split(",");
  const size = Number(bytes);
  const pieces = hashes.split(" ");
  const isWhole = more.length === 0 && HASH.test(hash) && /^[1-9]\d{0,14}$/.test(bytes) &&
    pieces.every((piece) => HASH.test(piece)) &&
    pieces.length === Math.ceil(size / ATTACHMENT_PIECE_BYTES);
  if (!isWhole) {
    throw refused(
      `its ${ATTACHMENTS_PATH} has a line that is not "path,hash,bytes,pieces": ${quoted(line)}`,
    );
  }
  const fault = attachmentFault(path);
  if (fault !== undefined) throw refused(`attachment ${quoted(path)} ${fault}`);
  return { path, sha256: hash, size, pieces };
}

/** Hashes a file as an attachment, in one pass. @throws Deno's error if it cannot be read */
export async function describeAttachment(path: string, file: string): Promise<Attachment> {
  const whole = createHash("sha256");
  const pieces: string[] = [];
  let size = 0;
  for await (const piece of piecesOf(file)) {
    whole.update(piece);
    pieces.push(sha256Hex(piece));
    size += piece.length;
  }
  return { path, sha256: whole.digest("hex"), size, pieces };
}

/** Whether a file exists, is not a link, and has the attachment's bytes. */
export async function isAttachmentFile(
  { size, sha256 }: Attachment,
  file: string,
): Promise<boolean> {
  try {
    const info = await Deno.lstat(file);
    if (!info.isFile || info.size !== size) return false;
    const hash = createHash("sha256");
    for await (const piece of piecesOf(file)) hash.update(piece);
    return hash.digest("hex") === sha256;
  } catch {
    return false; // missing or unreadable
  }
}

/**
 * Writes an attachment to a file from its pieces. The source is not trusted: each piece is verified before it is
 * written, and the whole file at the end.
 *
 * @param file path of the new file, created with mode 0600. It is removed if the attachment is incomplete
 * @throws FlwrError data-loss if the bytes do not match; errors of `get`; Deno's error if the file cannot be written
 */
export async function writeAttachment(
  { path, sha256: expected, size, pieces }: Attachment,
  file: string,
  get: GetPiece,
): Promise<void> {
  const whole = createHash("sha256");
  using out = await Deno.open(file, { write: true, createNew: true, mode: 0o600 });
  try {
    let left = size;
    for (const hash of pieces) {
      const piece = await get(hash);
      if (piece.length !== Math.min(left, ATTACHMENT_PIECE_BYTES) || sha256Hex(piece) !== hash) {
        throw new FlwrError(
          "data-loss",
          `A piece of attachment ${quoted(path)} does not match its hash`,
        );
      }
      whole.update(piece);
      for (let at = 0; at < piece.length;) at += await out.write(piece.subarray(at));
      left -= piece.length;
    }
    if (whole.digest("hex") === expected) return;
    throw new FlwrError(
      "data-loss",
      `Attachment ${quoted(path)} does not match the hash in its app bundle`,
    );
  } catch (error) {
    await Deno.remove(file).catch(() => {});
    throw error;
  }
}

/** Reads one piece of a file. @param index from 0 @throws Deno's error if it cannot be read */
export async function readPiece(file: string, index: number): Promise<Uint8Array> {
  using open = await Deno.open(file);
  await open.seek(index * ATTACHMENT_PIECE_BYTES, Deno.SeekMode.Start);
  return await nextPiece(open);
}

async function* piecesOf(file: string): AsyncGenerator<Uint8Array, void, void> {
  using open = await Deno.open(file);
  for (;;) {
    const piece = await nextPiece(open);
    if (piece.length > 0) yield piece;
    if (piece.length < ATTACHMENT_PIECE_BYTES) return;
  }
}

async function nextPiece(open: Deno.FsFile): Promise<Uint8Array> {
  const buffer = new Uint8Array(ATTACHMENT_PIECE_BYTES);
  let length = 0;
  while (length < buffer.length) {
    const read = await open.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return buffer.subarray(0, length);
}
