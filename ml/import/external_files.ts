import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { FlwrError } from "../../base/error.ts";
import type { ExternalData } from "../onnx/external_data.ts";

function outside(location: string): FlwrError {
  return new FlwrError(
    "permission-denied",
    `Data of an ONNX file must lie in the model's own folder: got "${location}"`,
  );
}

/** Whether a path leads to something below a folder, both of them without links. */
function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !isAbsolute(way) && way.split(sep)[0] !== "..";
}

/** The folder where Hugging Face's cache keeps the files that its snapshots link to, each under a hash. */
const BLOBS = "blobs";

/**
 * The folder of a model's own bytes, where the model is a link into a cache's `blobs`: links beside it lead there, too.
 * Nothing else is reached by it: data must lie in the very folder that the model lies in.
 */
function cacheFolder(model: string): string | undefined {
  if (!Deno.lstatSync(model).isSymlink) return undefined;
  const folder = dirname(Deno.realPathSync(model));
  return basename(folder) === BLOBS ? folder : undefined;
}

function resolve(model: string, location: string): string {
  const folder = dirname(model);
  if (location === "" || location.includes("\0") || isAbsolute(location)) throw outside(location);
  if (!isInside(folder, join(folder, location))) throw outside(location);
  let path: string;
  try {
    path = Deno.realPathSync(join(folder, location));
  } catch (cause) {
    throw new FlwrError(
      "not-found",
      `Data of the ONNX file are missing: "${location}" is not in the same folder`,
      { cause },
    );
  }
  const isOwn = isInside(Deno.realPathSync(folder), path) || dirname(path) === cacheFolder(model);
  // Opening a pipe or a device could wait for ever.
  if (!isOwn || !Deno.statSync(path).isFile) throw outside(location);
  return path;
}

/**
 * External data below the folder that a model lies in. Links out of it are not followed, except those of Hugging Face's
 * cache, where the model is a link as well.
 *
 * @param model path of the model's file
 */
export function externalDataOf(model: string): ExternalData {
  return (location, offset, length, room) => {
    using file = Deno.openSync(resolve(model, location));
    const { size } = file.statSync();
    if (offset + room > size) {
      throw new FlwrError(
        "data-loss",
        `Data file "${location}" of the ONNX file is cut off: ` +
          `needs ${offset + room} bytes, has ${size}`,
      );
    }
    file.seekSync(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    for (let read = 0; read < length;) {
      const count = file.readSync(bytes.subarray(read));
      if (count === null) throw new FlwrError("data-loss", `Data file "${location}" was cut off`);
      read += count;
    }
    return bytes;
  };
}
