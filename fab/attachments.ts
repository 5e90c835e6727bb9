import { createHash } from "node:crypto";
import { FlwrError } from "../base/error.ts";
import { sha256Hex } from "../base/platform.ts";
import { pathFault } from "./path.ts";
import { quoted, refused, tooLarge } from "./refusal.ts";

/** Bytes of the largest attachment, a file that travels beside its bundle: a model of 130 million float32. */
export const MAX_ATTACHMENT_BYTES = 512 * 1024 * 1024;

/** Bytes that the attachments of one bundle may have together. */
export const MAX_ATTACHED_BYTES = 2 * MAX_ATTACHMENT_BYTES;

/** Attachments of one bundle. */
export const MAX_ATTACHMENTS = 32;

/** Bytes of an attachment's piece, but for the last: one call carries it, and no program has more of it in memory. */
export const ATTACHMENT_PIECE_BYTES = 4 * 1024 * 1024;

/** The path of a bundle's list of attachments. Flower's own bundles have no such file. */
export const ATTACHMENTS_PATH = ".info/ATTACHMENTS";

/** Kinds of files that can be attachments: models, the weights that PyTorch writes beside them, and arrays. */
export const ATTACHMENT_ENDINGS = [".onnx", ".onnx.data", ".npz", ".npy", ".safetensors"] as const;

/**
 * A file of an app that is not in its bundle: the bundle has its hash. It travels in pieces, each known by its own hash.
 * So a piece that arrived can be checked and kept by itself, and one that is there already is not sent again.
 */
export interface Attachment {
  /** Where the file lies in the app's folder, with "/". */
  readonly path: string;
  /** SHA-256 of the file, lower-case hexadecimal. */
  readonly sha256: string;
  /** Bytes of the file; at least 1. */
  readonly size: number;
  /** SHA-256 of each piece, in order. Every piece but the last has ATTACHMENT_PIECE_BYTES. */
  readonly pieces: readonly string[];
}

/** Gets a piece by its SHA-256. @throws FlwrError when it cannot be had */
export type GetPiece = (hash: string) => Promise<Uint8Array>;

/**
 * Why a path of an app's folder cannot be an attachment's; undefined for one that can.
 *
 * @returns the rest of a sentence that begins with the path
 */
export function attachmentFault(path: string): string | undefined {
  const fault = pathFault(path);
  if (fault !== undefined) return fault;
  if (path.startsWith(".info/")) return "lies in a bundle's own folder";
  // Nodes show it in their logs.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(path)) return "has a character that cannot be seen";
  if (ATTACHMENT_ENDINGS.some((ending) => path.endsWith(ending))) return undefined;
  return `has a name that ends in none of ${ATTACHMENT_ENDINGS.join(", ")}`;
}

/** The list as a bundle has it: a line "path,hash,bytes,piece piece …" for each. */
export function writeAttachmentList(attachments: readonly Attachment[]): Uint8Array {
  const lines = attachments.map(({ path, sha256, size, pieces }) =>
    `${path},${sha256},${size},${pieces.join(" ")}`
  );
  return new TextEncoder().encode(lines.join("\n"));
}

/**
 * Reads a bundle's list of attachments and checks what can be checked without the files. Whether two of them are one
 * file on some systems is `collision`'s to say.
 *
 * @throws FlwrError "invalid-argument" naming the line, "resource-exhausted" beyond the limits
 */
export function readAttachmentList(list: Uint8Array): Attachment[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(list);
  } catch (cause) {
    throw refused(`its ${ATTACHMENTS_PATH} is not UTF-8 text`, cause);
  }
  const attachments = text.split("\n").map(readLine);
  checkAmount(attachments, tooLarge);
  return attachments;
}

/**
 * Holds the attachments of one app to their limits.
 *
 * @param error makes the error of the rest of a sentence
 */
export function checkAmount(
  attachments: readonly Pick<Attachment, "path" | "size">[],
  error: (how: string) => FlwrError,
): void {
  if (attachments.length > MAX_ATTACHMENTS) {
    throw error(`it has ${attachments.length} attachments, not up to ${MAX_ATTACHMENTS}`);
  }
  const large = attachments.find(({ size }) => size > MAX_ATTACHMENT_BYTES);
  if (large !== undefined) {
    const { path, size } = large;
    throw error(`${quoted(path)} has ${size} bytes, not up to ${MAX_ATTACHMENT_BYTES}`);
  }
  const total = attachments.reduce((sum, { size }) => sum + size, 0);
  if (total <= MAX_ATTACHED_BYTES) return;
  throw error(`its attachments have ${total} bytes together, not up to ${MAX_ATTACHED_BYTES}`);
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

/** Reads a file once and says what its attachment is. @throws Deno's error when it cannot be read */
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

/** Whether a file is there, is no link, and has the attachment's bytes. */
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
    return false; // it is not there, or cannot be read
  }
}

/**
 * Writes an attachment's file from its pieces, which may come from anyone: each is checked before it is written, and the
 * file at its end.
 *
 * @param file is made, with mode 0600; it is removed again when the attachment cannot be had whole
 * @throws FlwrError "data-loss" for bytes that are not the attachment's; what `get` throws; Deno's error when the file
 *   cannot be written
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
        throw new FlwrError("data-loss", `A piece of attachment ${quoted(path)} has other bytes`);
      }
      whole.update(piece);
      for (let at = 0; at < piece.length;) at += await out.write(piece.subarray(at));
      left -= piece.length;
    }
    if (whole.digest("hex") === expected) return;
    throw new FlwrError(
      "data-loss",
      `Attachment ${quoted(path)} has another hash than its bundle says`,
    );
  } catch (error) {
    await Deno.remove(file).catch(() => {});
    throw error;
  }
}

/** One piece of a file. @param index from 0 @throws Deno's error when it cannot be read */
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
