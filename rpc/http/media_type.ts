/** Media type of one protobuf message. */
export const PROTOBUF = "application/protobuf";

/** Media type of a stream of messages, each after its length (frames.ts). */
export const PROTOBUF_STREAM = "application/flower-protobuf-stream";

/** Media type of errors. */
export const JSON_TYPE = "application/json";

/** Whether a content-type header names the type, with any parameters. */
export function isMediaType(header: string | null | undefined, type: string): boolean {
  return header?.replace(/;.*/, "").trim().toLowerCase() === type;
}
