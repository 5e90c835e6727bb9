import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import type { LinkObject } from "../../entities/object.ts";
import { type Array as ArrayProto, ArraySchema } from "../../proto/gen/current/recorddict_pb.ts";
import { makeObject, type ParsedObject } from "./object.ts";
import { pythonJson, pythonObject } from "./python_json.ts";

/** Bytes of an array per ArrayChunk object, as in Flower. Another size would give equal arrays other ids. */
export const CHUNK_BYTES = 5 * 1024 * 1024;

/** Converts an array to its object and its chunks, chunks first. Equal chunks share one object. */
export async function deflateArray(array: ArrayProto): Promise<LinkObject[]> {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < array.data.length; start += CHUNK_BYTES) {
    pieces.push(array.data.subarray(start, start + CHUNK_BYTES));
  }
  const chunks = await Promise.all(pieces.map((piece) => makeObject("ArrayChunk", [], piece)));
  const unique = new Map(chunks.map((chunk) => [chunk.id, chunk]));
  const ids = [...unique.keys()];
  const places = new Map(ids.map((id, place) => [id, place]));
  const body = pythonObject([
    ["dtype", pythonJson(array.dtype)],
    ["shape", pythonJson(array.shape)],
    ["stype", pythonJson(array.stype)],
    ["arraychunk_ids", pythonJson(chunks.map(({ id }) => places.get(id)!))],
  ]);
  return [...unique.values(), await makeObject("Array", ids, new TextEncoder().encode(body))];
}

/** The content of an Array object's body. */
export interface ArrayHeader {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly stype: string;
  /** For each chunk in order, its index among the object's children. */
  readonly chunks: readonly number[];
}

/** Reads an Array object's body. @throws FlwrError "invalid-argument" */
export function parseArray({ body, children }: ParsedObject): ArrayHeader {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw malformed(cause);
  }
  if (typeof header !== "object" || header === null) throw malformed();
  const { dtype, shape, stype, arraychunk_ids: chunks } = header as Record<string, unknown>;
  const valid = typeof dtype === "string" && typeof stype === "string" &&
    dtype.isWellFormed() && stype.isWellFormed() &&
    isIntegers(shape, -(2 ** 31), 2 ** 31) && isIntegers(chunks, 0, children.length);
  if (!valid) throw malformed();
  return { dtype, shape, stype, chunks };
}

/**
 * Assembles an array. The data of a single chunk is not copied.
 *
 * @param copied called with the place of each child whose chunk has been copied and is not needed again
 */
export function inflateArray(
  header: ArrayHeader,
  chunks: readonly Uint8Array[],
  copied?: (child: number) => void,
): ArrayProto {
  const { dtype, shape, stype } = header;
  const data = chunks.length === 1 ? chunks[0]! : join(header, chunks, copied);
  return create(ArraySchema, { dtype, shape: [...shape], stype, data });
}

/** Joins chunks. The system provides the whole's memory as it is written, so chunks may be freed meanwhile. */
function join(
  { chunks: children }: ArrayHeader,
  chunks: readonly Uint8Array[],
  copied?: (child: number) => void,
): Uint8Array {
  const lastUse = new Map(children.map((child, place) => [child, place]));
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const [place, child] of children.entries()) {
    whole.set(chunks[place]!, at);
    at += chunks[place]!.length;
    if (lastUse.get(child) === place) copied?.(child);
  }
  return whole;
}

function isIntegers(value: unknown, from: number, below: number): value is number[] {
  return Array.isArray(value) &&
    value.every((item) => Number.isInteger(item) && item >= from && item < below);
}

function malformed(cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", "Malformed object: its body describes no array", {
    cause,
  });
}
