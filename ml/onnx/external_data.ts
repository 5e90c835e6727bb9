import { isAbsolute, join, relative, sep } from "node:path";
import { FlwrError } from "../../base/error.ts";
import type { TensorProto } from "./message/messages.ts";

/** Reads bytes of a file that belongs to a model. */
export type ExternalData = (location: string, offset: number, length: number) => Uint8Array;

/** For models that are given as bytes and so have no folder: external data are refused. */
export const noExternalData: ExternalData = (location) => {
  throw new FlwrError(
    "failed-precondition",
    `Data lie outside of the ONNX file, in "${location}", and a model given as bytes has no folder`,
    { hints: ["Give the model's path", "Export with external_data=False"] },
  );
};

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

function resolve(folder: string, location: string): string {
  if (location === "" || location.includes("\0") || isAbsolute(location)) throw outside(location);
  if (!isInside(folder, join(folder, location))) throw outside(location);
  let path: string;
  try {
    path = Deno.realPathSync(join(folder, location));
  } catch (cause) {
    throw new FlwrError(
      "not-found",
      `Data of the ONNX file are missing: "${location}" is not beside it`,
      { cause },
    );
  }
  // Opening a pipe or a device could wait for ever.
  if (!isInside(Deno.realPathSync(folder), path) || !Deno.statSync(path).isFile) {
    throw outside(location);
  }
  return path;
}

/** External data below the folder that a model lies in; links out of it are not followed. */
export function externalDataIn(folder: string): ExternalData {
  return (location, offset, length) => {
    using file = Deno.openSync(resolve(folder, location));
    const { size } = file.statSync();
    if (offset + length > size) {
      throw new FlwrError(
        "data-loss",
        `Data file "${location}" of the ONNX file is cut off: ` +
          `needs ${offset + length} bytes, has ${size}`,
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

/** The bytes of a tensor whose data lie in another file: ONNX names it by pairs of texts. */
export function readExternal(
  { name, externalData }: TensorProto,
  external: ExternalData,
  size: number,
): Uint8Array {
  const entry = (key: string) => externalData.find((pair) => pair.key === key)?.value;
  const offset = Number(entry("offset") ?? 0);
  const length = Number(entry("length") ?? size);
  if (!Number.isSafeInteger(offset) || offset < 0 || length !== size) {
    throw new FlwrError(
      "data-loss",
      `Tensor "${name}" in the ONNX file needs ${size} bytes of external data: ` +
        `got offset "${entry("offset")}" and length "${entry("length")}"`,
    );
  }
  try {
    return external(entry("location") ?? "", offset, size);
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, `Tensor "${name}": ${message}`, { hints, cause });
  }
}
