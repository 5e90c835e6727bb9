import type { AppConfig } from "./app_config.ts";
import type { Attachment } from "./attachments.ts";

/** Hexadecimal digits of a bundle's hash that its file and its folder are named by. */
const SHORT_HASH_LENGTH = 8;

/** An app bundle: what is sent, and what it says of itself. */
export interface Fab {
  /** The zip archive. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the archive, lower-case hexadecimal. */
  readonly hash: string;
  readonly config: AppConfig;
  /** What Flower recommends for an app and this one does not have, one sentence each. */
  readonly warnings: readonly string[];
  /** Files of the app that are not in the archive and travel beside it. */
  readonly attachments: readonly LocalAttachment[];
}

/** An attachment and the file that has its bytes here. */
export interface LocalAttachment extends Attachment {
  /** Absolute. */
  readonly file: string;
}

/** A bundle whose every byte has been checked: it may be installed. */
export interface CheckedFab {
  /** SHA-256 of the archive, lower-case hexadecimal. */
  readonly hash: string;
  readonly config: AppConfig;
  /** The files of the app by their paths, which have "/" and stay below the app's folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Files of the app that are not in the archive and travel beside it. Their paths collide with none of `files`. */
  readonly attachments: readonly Attachment[];
}

/** A bundle's file name as Flower makes it: `publisher.name.1-0-0.3ffe67cf.fab`. */
export function fabFileName({ publisher, name, version }: AppConfig, hash: string): string {
  return `${publisher}.${name}.${version.replaceAll(".", "-")}.${shortHash(hash)}.fab`;
}

/** The folder that a bundle is installed to, below `apps`, as Flower names it: `publisher.name.1.0.0.3ffe67cf`. */
export function fabFolderName({ publisher, name, version }: AppConfig, hash: string): string {
  return `${publisher}.${name}.${version}.${shortHash(hash)}`;
}

/** The same with the whole hash, which no other bundle has. */
export function fabLongFolderName({ publisher, name, version }: AppConfig, hash: string): string {
  return `${publisher}.${name}.${version}.${hash}`;
}

/** The digits of a hash that names show. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHORT_HASH_LENGTH);
}
