import { FlwrError } from "../../base/error.ts";
import type { TensorProto } from "./message/messages.ts";

/**
 * Reads bytes of a file that belongs to a model.
 *
 * @param room number of bytes that the file must have from the offset on: as many as are read, or more if they are
 * padded
 */
export type ExternalData = (
  location: string,
  offset: number,
  length: number,
  room: number,
) => Uint8Array;

/** For models that are given as bytes and have no folder: refuses external data. */
export const noExternalData: ExternalData = (location) => {
  throw new FlwrError(
    "failed-precondition",
    `The ONNX file has external data in "${location}", but a model given as bytes has no folder`,
    { hints: ["Pass the model's path", "Export with external_data=False"] },
  );
};

/** The bytes of a tensor with external data, which ONNX describes by pairs of strings. */
export function readExternal(
  { name, externalData }: TensorProto,
  external: ExternalData,
  size: number,
): Uint8Array {
  const entry = (key: string) => externalData.find((pair) => pair.key === key)?.value;
  const offset = Number(entry("offset") ?? 0);
  const length = Number(entry("length") ?? size);
  // Longer data are padded, so that the next tensor starts at an aligned offset.
  const fits = Number.isSafeInteger(length) && length >= size;
  if (!Number.isSafeInteger(offset) || offset < 0 || !fits) {
    throw new FlwrError(
      "data-loss",
      `Tensor "${name}" in the ONNX file needs ${size} bytes of external data: ` +
        `got offset "${entry("offset")}" and length "${entry("length")}"`,
    );
  }
  try {
    return external(entry("location") ?? "", offset, size, length);
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, `Tensor "${name}": ${message}`, { hints, cause });
  }
}
