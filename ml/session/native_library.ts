import { Buffer } from "node:buffer";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FlwrError } from "../../base/error.ts";
import { cacheFolder } from "../data/cache_folder.ts";

/** Deno's folder for the package: its name and version. */
const PACKAGE = /^onnxruntime-node@(\d+\.\d+\.\d+)/;

/** The shared library that the addon is linked with, on each system. */
export const NATIVE_LIBRARY =
  /^(libonnxruntime\.so\.\d+|libonnxruntime\.\d+\.dylib|onnxruntime\.dll)$/;

/** Number of bytes to compare or copy at a time. */
const PIECE_BYTES = 1 << 20;

/** ONNX Runtime's library inside the executable. */
export interface EmbeddedLibrary {
  readonly path: string;
  /** File name under which the addon asks the system for it. */
  readonly name: string;
  readonly version: string;
}

/**
 * Opens ONNX Runtime's shared library if the program runs as one executable. The addon is linked with the library, and
 * the system's loader looks for it on the disk, not inside an executable. Once a library of that name is open, the
 * loader uses it.
 *
 * @throws FlwrError "not-found" when the executable has none for this platform, "failed-precondition" when the library
 * cannot be copied to the cache folder or opened there
 */
export async function openNativeLibrary(): Promise<void> {
  if (!Deno.build.standalone) return;
  const library = await findEmbeddedLibrary(
    fileURLToPath(new URL("../../node_modules/.deno", import.meta.url)),
    Deno.build,
  );
  const { arch, os } = Deno.build;
  const folder = join(cacheFolder(), "onnxruntime", `${library.version}-${os}-${arch}`);
  const path = await copyToCache(library, folder);
  try {
    // Never closed: the addon uses the library until the process ends.
    Deno.dlopen(path, {});
  } catch (cause) {
    throw new FlwrError("failed-precondition", `ONNX Runtime cannot be opened: "${path}"`, {
      hints: ["Set FLWR_CACHE to a folder that allows executing programs"],
      cause,
    });
  }
}

/**
 * Finds the library for a platform inside the executable.
 *
 * @param packages Deno's folder of npm packages
 * @throws FlwrError "not-found" when the executable has none for the platform
 */
export async function findEmbeddedLibrary(
  packages: string,
  { os, arch }: Pick<typeof Deno.build, "os" | "arch">,
): Promise<EmbeddedLibrary> {
  for await (const { name: folder } of Deno.readDir(packages)) {
    const version = PACKAGE.exec(folder)?.[1];
    if (version === undefined) continue;
    const binaries = join(packages, folder, "node_modules", "onnxruntime-node", "bin", "napi-v6");
    const platform = join(
      binaries,
      os === "windows" ? "win32" : os,
      arch === "aarch64" ? "arm64" : "x64",
    );
    for (const { name } of await entries(platform)) {
      if (NATIVE_LIBRARY.test(name)) return { path: join(platform, name), name, version };
    }
  }
  throw new FlwrError("not-found", `This executable has no ONNX Runtime for ${os} on ${arch}`);
}

async function entries(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Copies the library into a folder, unless an identical copy is there already. Other processes see either no file or a
 * complete one.
 *
 * @returns the path of the copy
 * @throws FlwrError "failed-precondition" when the copy cannot be written
 */
export async function copyToCache(
  { path, name }: Pick<EmbeddedLibrary, "path" | "name">,
  folder: string,
): Promise<string> {
  const copy = join(folder, name);
  const unfinished = join(folder, `${name}.${crypto.randomUUID()}`);
  try {
    if (await sameContent(path, copy)) return copy;
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await writeCopy(path, unfinished);
      await Deno.rename(unfinished, copy);
    } catch (error) {
      await Deno.remove(unfinished).catch(() => {});
      throw error;
    }
    return copy;
  } catch (cause) {
    throw new FlwrError("failed-precondition", `ONNX Runtime cannot be copied to "${copy}"`, {
      hints: ["Set FLWR_CACHE to a writable folder"],
      cause,
    });
  }
}

/** Copies in pieces, because the system's copy call does not work on files inside an executable. */
async function writeCopy(from: string, to: string): Promise<void> {
  using source = await Deno.open(from);
  using target = await Deno.open(to, { write: true, createNew: true, mode: 0o600 });
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const length = await fill(source, piece);
    for (let written = 0; written < length;) {
      written += await target.write(piece.subarray(written, length));
    }
    if (length < piece.length) break;
  }
  await target.sync();
}

async function sameContent(original: string, copy: string): Promise<boolean> {
  try {
    using a = await Deno.open(original);
    using b = await Deno.open(copy);
    if ((await a.stat()).size !== (await b.stat()).size) return false;
    const [pieceA, pieceB] = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
    for (;;) {
      const [lengthA, lengthB] = await Promise.all([fill(a, pieceA), fill(b, pieceB)]);
      if (Buffer.compare(pieceA.subarray(0, lengthA), pieceB.subarray(0, lengthB)) !== 0) {
        return false;
      }
      if (lengthA < pieceA.length) return true;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Reads until the piece is full or the file ends; returns the number of bytes read. */
async function fill(file: Deno.FsFile, piece: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < piece.length) {
    const read = await file.read(piece.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return filled;
}

/** Path of a package in Deno's folder of packages. */
const LAYOUT = /^(.*[\\/]node_modules)[\\/]\.deno[\\/]/;

/**
 * The folder from which ONNX Runtime is loaded: a process that loads it needs the permission to read there.
 *
 * @returns its path; undefined if packages are elsewhere, as in an executable
 */
export function packagesFolder(): string | undefined {
  const module = import.meta.resolve("onnxruntime-node");
  return module.startsWith("file:") ? LAYOUT.exec(fileURLToPath(module))?.[1] : undefined;
}
