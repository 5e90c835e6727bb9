import { type Command, Option } from "commander";
import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import type { LargeObjectStore } from "../../link/create_link.ts";
import type { S3Target } from "../../link/store/objects/s3_store.ts";
import { wholeNumber } from "../flags/values.ts";

/** Flags that name an object store. */
export interface ObjectStoreFlags {
  objectStore?: string;
  objectStoreCredentialsFile?: string;
  objectStoreCaFile?: string;
}

/** Flags of the object store of a SuperLink. */
export interface LargeObjectFlags extends ObjectStoreFlags {
  objectStoreFrom: number;
}

/**
 * Default values of the flags. Smaller parts are as fast or faster in PostgreSQL, which then writes them with their rows:
 * measured with 64 KiB. With 256 KiB, it takes twice as long as a folder and 1.3 times as long as S3.
 */
export const DEFAULT_OBJECT_STORE_FLAGS: LargeObjectFlags = { objectStoreFrom: 256 * 1024 };

/** Where large objects are stored. */
export type ObjectStoreConfig =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "s3"; readonly target: S3Target };

/** Where a SuperLink stores large objects, and which. */
export interface LargeObjectConfig {
  readonly store: ObjectStoreConfig;
  /** Smallest size of an object that goes there, in bytes. */
  readonly from: number;
}

/** What to give as an object store. */
export const OBJECT_STORE_EXAMPLE =
  "Give a folder, or s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION";

/** Adds the flags that name an object store. */
export function addObjectStoreOptions(command: Command): Command {
  return command
    .option(
      "--object-store <folder or URL>",
      "where large parts of messages are stored: a folder, or s3://bucket/prefix?endpoint=https://host&region=name; all SuperLinks that share the database must have access to it (default: in the database)",
    )
    .option(
      "--object-store-credentials-file <file>",
      "file with the lines aws_access_key_id = … and aws_secret_access_key = … (default: the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)",
    )
    .option(
      "--object-store-ca-file <file>",
      "PEM file with the certificate of the CA that signed the certificate of the S3 service (default: the CAs of Deno)",
    );
}

/** Adds the flags of the object store to the `superlink` command. */
export function addLargeObjectOptions(command: Command): Command {
  return addObjectStoreOptions(command).addOption(
    new Option(
      "--object-store-from <bytes>",
      "store each part of a message that has at least this size in the object store",
    ).default(DEFAULT_OBJECT_STORE_FLAGS.objectStoreFrom).argParser(wholeNumber({ from: 0 })),
  );
}

/**
 * Reads the flags of the object store.
 *
 * @param variable reads an environment variable
 * @returns undefined if there is none
 * @throws FlwrError naming the flag. It never contains the secret
 */
export async function readObjectStore(
  flags: ObjectStoreFlags,
  variable: (name: string) => string | undefined,
): Promise<ObjectStoreConfig | undefined> {
  const { objectStore: text, objectStoreCredentialsFile, objectStoreCaFile } = flags;
  if (text !== undefined && /^s3:\/\//i.test(text)) {
    const { readS3 } = await load<typeof import("./s3_url.ts")>(
      new URL("./s3_url.ts", import.meta.url),
    );
    return { kind: "s3", target: await readS3(text, flags, variable) };
  }
  for (
    const [flag, value] of [
      ["--object-store-credentials-file", objectStoreCredentialsFile],
      ["--object-store-ca-file", objectStoreCaFile],
    ]
  ) {
    if (value === undefined) continue;
    throw new FlwrError("invalid-argument", `${flag} needs --object-store s3://…`, {
      hints: ["Leave it out: a folder has neither credentials nor certificates"],
    });
  }
  if (text === undefined) return undefined;
  const [, scheme] = /^([a-z][a-z0-9+]*):\/\//i.exec(text) ?? [];
  if (scheme !== undefined) {
    throw new FlwrError("unimplemented", `--object-store "${scheme}://…" is not supported`, {
      hints: [OBJECT_STORE_EXAMPLE],
    });
  }
  if (text === "") {
    throw new FlwrError("invalid-argument", "--object-store: The name of the folder is empty", {
      hints: [OBJECT_STORE_EXAMPLE],
    });
  }
  return { kind: "folder", folder: text };
}

/**
 * Reads the flags of a SuperLink's object store.
 *
 * @param isLasting whether the database outlives the SuperLink
 * @throws as {@link readObjectStore} does
 */
export async function readLargeObjects(
  flags: LargeObjectFlags,
  isLasting: boolean,
  variable: (name: string) => string | undefined,
): Promise<LargeObjectConfig | undefined> {
  const store = await readObjectStore(flags, variable);
  if (store === undefined) {
    if (flags.objectStoreFrom === DEFAULT_OBJECT_STORE_FLAGS.objectStoreFrom) return undefined;
    throw new FlwrError("invalid-argument", "--object-store-from needs --object-store", {
      hints: ["Name a folder or a bucket with --object-store, or leave both out"],
    });
  }
  if (!isLasting) {
    throw new FlwrError("invalid-argument", "--object-store needs a database that lasts", {
      hints: ["Leave out --database :memory:, or leave out --object-store"],
    });
  }
  return { store, from: flags.objectStoreFrom };
}

/** Opens an object store. The code of S3 is loaded only if it is used. @throws FlwrError naming the folder */
export async function openObjectStore(
  config: ObjectStoreConfig,
): Promise<LargeObjectStore["store"]> {
  if (config.kind === "s3") {
    const { S3Store } = await load<typeof import("../../link/store/objects/s3_store.ts")>(
      new URL("../../link/store/objects/s3_store.ts", import.meta.url),
    );
    return new S3Store(config.target);
  }
  const { folder } = config;
  const isFolder = await Deno.stat(folder).then(({ isDirectory }) => isDirectory, () => false);
  if (!isFolder) {
    // Not created, because it may be the place of a file system that is not mounted.
    throw new FlwrError("failed-precondition", `--object-store: "${folder}" is not a folder`, {
      hints: [`Create it: mkdir --mode 700 ${folder}`, "Check that its file system is mounted"],
    });
  }
  const { FolderStore } = await load<typeof import("../../link/store/objects/folder_store.ts")>(
    new URL("../../link/store/objects/folder_store.ts", import.meta.url),
  );
  return new FolderStore(folder);
}

/** Opens a SuperLink's object store. */
export async function openLargeObjects(
  config: LargeObjectConfig | undefined,
): Promise<LargeObjectStore | undefined> {
  return config && { store: await openObjectStore(config.store), from: config.from };
}
