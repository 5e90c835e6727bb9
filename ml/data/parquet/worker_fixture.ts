/** A worker that reads a Parquet file and posts the shape of its inputs, or its error. */
/// <reference lib="deno.worker" />
import { readParquetInputs } from "./read_parquet.ts";

self.onmessage = async ({ data: path }: MessageEvent<string>) => {
  try {
    self.postMessage((await readParquetInputs(path, { inputs: ["count"] })).x.shape);
  } catch (error) {
    self.postMessage(String(error));
  }
};
