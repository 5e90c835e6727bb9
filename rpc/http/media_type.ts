/** A message in protobuf's encoding. */
export const PROTOBUF = "application/protobuf";

/** Many of them, each after its length (frames.ts). */
export const PROTOBUF_STREAM = "application/flower-protobuf-stream";

/** Errors. */
export const JSON_TYPE = "application/json";

/** Whether a content-type header names the type, whatever parameters follow. */
export function isMediaType(header: string | null | undefined, type: string): boolean {
  return header?.replace(/;.*/, "").trim().toLowerCase() === type;
}
