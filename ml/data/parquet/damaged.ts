import { FlwrError } from "../../../base/error.ts";

/** An error about a Parquet file that breaks its format. */
export function damaged(how: string, cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", `The Parquet file is damaged: ${how}`, {
    hints: ["Write the file again, for example with pandas: to_parquet"],
    cause,
  });
}

/** An error about a Parquet file whose kind is not supported. */
export function unsupported(what: string, hints: readonly string[]): FlwrError {
  return new FlwrError("unimplemented", what, { hints });
}

/** Runs a part of the decoder; other errors than ours then say that the file is damaged. */
export async function decoding<T>(what: string, decode: () => T | Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (error) {
    throw error instanceof FlwrError ? error : damaged(`${what} cannot be decoded`, error);
  }
}
