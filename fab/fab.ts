import type { AppConfig } from "./app_config.ts";
import type { Attachment } from "./attachments.ts";

/** Number of hexadecimal digits of a FAB's hash in names of files and folders. */
const SHORT_HASH_LENGTH = 8;

/** A built FAB (Flower App Bundle) with its configuration and attachments. */
export interface Fab {
  /** The zip archive. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the archive, lower-case hexadecimal. */
  readonly hash: string;
  readonly config: AppConfig;
  /** Fields that Flower recommends and the app lacks, as sentences. */
  readonly warnings: readonly string[];
  /** Files of the app that are sent separately from the archive. */
  readonly attachments: readonly LocalAttachment[];
}

/** An attachment with its file on this machine. */
export interface LocalAttachment extends Attachment {
  /** Absolute path. */
  readonly file: string;
}

/** A FAB that was checked completely and may be installed. */
export interface CheckedFab {
  /** SHA-256 of the archive, lower-case hexadecimal. */
  readonly hash: string;
  readonly config: AppConfig;
  /** The files of the app, by path. Paths have "/" and stay within the app's folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Files of the app that are sent separately. Their paths do not collide with those of `files`. */
  readonly attachments: readonly Attachment[];
}

/** File name of a FAB, as in Flower: `publisher.name.1-0-0.3ffe67cf.fab`. */
export function fabFileName({ publisher, name, version }: AppConfig, hash: string): string {
  return `${publisher}.${name}.${version.replaceAll(".", "-")}.${shortHash(hash)}.fab`;
}

/** Name of the folder in `apps` to which a FAB is installed, as in Flower: `publisher.name.1.0.0.3ffe67cf`. */
export function fabFolderName({ publisher, name, version }: AppConfig, hash: string): string {
  return `${publisher}.${name}.${version}.${shortHash(hash)}`;
}

/** Like {@link fabFolderName}, with the whole hash, which is unique. */
export function fabLongFolderName({ publisher, name, version }: AppConfig, hash: string): string {
  return `${publisher}.${name}.${version}.${hash}`;
}

/** The beginning of a hash, for names. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHORT_HASH_LENGTH);
}
