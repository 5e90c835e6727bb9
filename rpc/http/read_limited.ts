import { FlwrError } from "../../base/error.ts";
import { joinParts } from "../../base/bytes.ts";

/** Lengths of bodies that are read into one buffer: memory for a longer one is not reserved before it arrives. */
const ONE_BUFFER_FROM = 64 * 1024;
const ONE_BUFFER_TO = 64 * 1024 * 1024;

/**
 * Reads the body of a response in parts, because `Response.bytes` is three times slower in Deno 2.9. A large one whose
 * length is announced is read into one buffer: parts that wait for the garbage collector would double its memory.
 *
 * @throws FlwrError "data-loss" for a body larger than `maxBytes`; the rest is not read
 */
export async function readLimited(response: Response, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (announced > maxBytes) {
    await response.body?.cancel();
    throw tooLarge(maxBytes);
  }
  if (response.body !== null && announced >= ONE_BUFFER_FROM && announced <= ONE_BUFFER_TO) {
    return await readInto(response.body, announced, maxBytes);
  }
  return await readParts(response.body ?? [], maxBytes);
}

async function readInto(
  body: ReadableStream<Uint8Array>,
  announced: number,
  maxBytes: number,
): Promise<Uint8Array> {
  const reader = byteReader(body);
  if (reader === undefined) return await readParts(body, maxBytes);
  let buffer = new ArrayBuffer(announced);
  let length = 0;
  while (length < announced) {
    const { done, value } = await reader.read(new Uint8Array(buffer, length));
    // The stream has taken the buffer, and gives it back as another one.
    if (value !== undefined) buffer = value.buffer;
    length += value?.length ?? 0;
    if (done) return new Uint8Array(buffer, 0, length);
  }
  reader.releaseLock();
  const rest = await readParts(body, maxBytes - length);
  return rest.length === 0 ? new Uint8Array(buffer) : joinParts([new Uint8Array(buffer), rest]);
}

/** A reader into memory of one's own; undefined for a stream that has none, as those that are not of the network. */
function byteReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

async function readParts(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    parts.push(part);
    length += part.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
  }
  return joinParts(parts);
}

function tooLarge(maxBytes: number): FlwrError {
  return new FlwrError("data-loss", `The response is larger than ${maxBytes} bytes`);
}
