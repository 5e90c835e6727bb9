import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { sha256Hex } from "../../../base/platform.ts";
import {
  type FoundLocation,
  LOCATION,
  type Location,
  type LocationPage,
  type ObjectStore,
} from "../../objects/object_store.ts";
import { BytesCheck, cannotUse, damaged, SLICE_BYTES, slices, within } from "./bytes_check.ts";

/** File with the id of the database that the folder belongs to. It also shows that the file system is mounted. */
const OWNER = "flwr-object-store";
/** File whose time of change tells the file system's time. */
const CLOCK = ".clock";
/** End of the name of a file that is being written. */
const UNFINISHED = ".part";
/** Seconds after which a file that is being written was left by a crash. */
const LEFT_SECONDS = 3600;
/** Seconds for one operation. A network file system that is away can hang for hours. */
const OPERATION_SECONDS = 60;
/** Number of subfolders, each with the objects whose ids begin with its two hexadecimal digits. */
const FOLDERS = 256;
/** Readable only by the owner, because the files contain models. */
const [FILE_MODE, FOLDER_MODE] = [0o600, 0o700];

/**
 * Objects in a folder, one file for each. Several SuperLinks can share it by a network file system. A file gets its name
 * when all of it is on the disk.
 */
export class FolderStore implements ObjectStore {
  readonly address: string;

  /** @param folder it must exist */
  constructor(folder: string) {
    this.address = folder;
  }

  put(location: Location, bytes: Uint8Array): Promise<void> {
    return this.#perform("Writing to", async () => {
      const path = this.#path(location);
      await this.#requireFolder(location);
      const unfinished = `${path}${UNFINISHED}`;
      try {
        await write(unfinished, bytes, new BytesCheck(location, this.address));
        await Deno.rename(unfinished, path);
      } catch (error) {
        await Deno.remove(unfinished).catch(() => {});
        throw error;
      }
      await syncFolder(join(path, ".."));
    });
  }

  get(location: Location, size: number): Promise<Uint8Array | undefined> {
    return this.#perform("Reading from", async () => {
      using file = await orMissing(Deno.open(this.#path(location)));
      if (file === undefined) {
        // A file system that is not mounted has lost nothing.
        await this.#requireOwner();
        return undefined;
      }
      if ((await file.stat()).size !== size) throw damaged(location, this.address);
      const bytes = new Uint8Array(size);
      const check = new BytesCheck(location, this.address);
      for (let filled = 0; filled < size;) {
        const count = await file.read(bytes.subarray(filled, filled + SLICE_BYTES));
        if (count === null) throw damaged(location, this.address);
        check.update(bytes.subarray(filled, filled + count));
        filled += count;
      }
      check.end();
      return bytes;
    });
  }

  remove(locations: readonly Location[]): Promise<void> {
    return this.#perform("Removing from", async () => {
      for (const location of locations) await orMissing(Deno.remove(this.#path(location)));
    });
  }

  /** One page for each subfolder. Removes files in it that a crash left unfinished. */
  list(after: string): Promise<LocationPage> {
    return this.#perform("Listing", async () => {
      await this.#requireOwner();
      const number = after === "" ? 0 : Number.parseInt(after, 16);
      const folder = join(this.address, folderName(number));
      const found: FoundLocation[] = [];
      const now = await this.#now();
      for (const name of await names(folder)) {
        const path = join(folder, name);
        const changed = (await orMissing(Deno.stat(path)))?.mtime?.getTime();
        if (changed === undefined) continue;
        const age = (now - changed) / 1000;
        if (LOCATION.test(name)) found.push({ location: name, age });
        else if (name.endsWith(UNFINISHED) && age > LEFT_SECONDS) {
          await orMissing(Deno.remove(path));
        }
      }
      return { found, ...(number + 1 < FOLDERS && { next: folderName(number + 1) }) };
    });
  }

  owner(id?: string): Promise<string | undefined> {
    return this.#perform("Reading", async () => {
      const path = join(this.address, OWNER);
      const read = () => orMissing(Deno.readTextFile(path));
      const known = await read();
      if (known !== undefined || id === undefined) return known?.trim();
      // Its name is taken once, by one of several SuperLinks that start together, when all of it is on the disk.
      const unfinished = `${path}.${sha256Hex(crypto.randomUUID()).slice(0, 16)}${UNFINISHED}`;
      await write(unfinished, new TextEncoder().encode(`${id}\n`));
      try {
        await Deno.link(unfinished, path);
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      } finally {
        await Deno.remove(unfinished);
      }
      await syncFolder(this.address);
      return (await read())?.trim();
    });
  }

  /** Nothing to do: operations end by themselves. */
  close(): void {}

  #path(location: Location): string {
    if (LOCATION.test(location)) return join(this.address, location.slice(0, 2), location);
    throw new FlwrError("internal", `Not a location of an object: "${location}"`);
  }

  /** Creates the subfolder of a location if it is missing. */
  async #requireFolder(location: Location): Promise<void> {
    const folder = join(this.#path(location), "..");
    if (await orMissing(Deno.stat(folder)) !== undefined) return;
    await this.#requireOwner();
    await Deno.mkdir(folder, { mode: FOLDER_MODE }).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
    await syncFolder(this.address);
  }

  /** Checks that the folder is the one that this SuperLink began with. @throws unavailable */
  async #requireOwner(): Promise<void> {
    if (await orMissing(Deno.stat(join(this.address, OWNER))) !== undefined) return;
    const hint = "Check that its file system is mounted";
    throw cannotUse(this.address, `The folder has no file "${OWNER}"`, { hint });
  }

  /** The file system's time, as Unix time in milliseconds. Its server's clock may differ from this machine's. */
  async #now(): Promise<number> {
    const path = join(this.address, CLOCK);
    // Not empty: writing nothing into an empty file does not change its time everywhere.
    await Deno.writeTextFile(path, "\n", { mode: FILE_MODE });
    return (await Deno.stat(path)).mtime?.getTime() ?? Date.now();
  }

  async #perform<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await within(OPERATION_SECONDS, this.address, work());
    } catch (cause) {
      if (cause instanceof FlwrError) throw cause;
      const hint = "Check that it is mounted, writable and not full";
      throw cannotUse(this.address, `${doing} the folder failed: ${reasonOf(cause)}`, {
        hint,
        cause,
      });
    }
  }
}

function folderName(number: number): string {
  return number.toString(16).padStart(2, "0");
}

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) found.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found;
}

/** Writes a new file, to the disk. @param check also checks the bytes */
async function write(path: string, bytes: Uint8Array, check?: BytesCheck): Promise<void> {
  using file = await Deno.open(path, { createNew: true, write: true, mode: FILE_MODE });
  for (const slice of slices(bytes)) {
    check?.update(slice);
    for (let rest = slice; rest.length > 0;) rest = rest.subarray(await file.write(rest));
  }
  check?.end();
  await file.syncData();
}

/** Writes the names in a folder to the disk. */
async function syncFolder(folder: string): Promise<void> {
  using opened = await Deno.open(folder);
  await opened.sync();
}

/** The result, or undefined if the file does not exist. */
async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  const { code } = error as { code?: string };
  if (code === "ENOSPC") return "the disk is full";
  if (code === "EDQUOT") return "the user's quota is used up";
  if (code === "EROFS") return "it is read-only";
  return code ?? "the system reports an error";
}
