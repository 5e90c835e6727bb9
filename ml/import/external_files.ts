import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { FlwrError } from "../../base/error.ts";
import type { ExternalData } from "../onnx/external_data.ts";

function outside(location: string): FlwrError {
  return new FlwrError(
    "permission-denied",
    `External data of an ONNX file must be in the model's folder: got "${location}"`,
  );
}

/** Whether a path is below a folder. Both must be free of symbolic links. */
function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !isAbsolute(way) && way.split(sep)[0] !== "..";
}

/** The folder where Hugging Face's cache stores files by hash; its snapshots contain links to them. */
const BLOBS = "blobs";

/**
 * The folder of a model's actual bytes if the model is a link into a cache's `blobs`: links in the model's folder point
 * there too. It is accepted only for links whose own path is in the model's folder.
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
      `External data of the ONNX file is missing: "${location}" is not in the same folder`,
      { cause },
    );
  }
  const isOwn = isInside(Deno.realPathSync(folder), path) || dirname(path) === cacheFolder(model);
  // Opening a pipe or a device could block forever.
  if (!isOwn || !Deno.statSync(path).isFile) throw outside(location);
  return path;
}

/**
 * Reads external data below the folder of a model. Links out of the folder are not followed, except those of Hugging
 * Face's cache, where the model is a link too.
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
