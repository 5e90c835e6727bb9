import type { ObjectId, ObjectTree } from "../../entities/object.ts";
import { CHUNK_BYTES } from "../../rpc/objects/array.ts";
import { makeObject, makeSmallObject } from "../../rpc/objects/object.ts";
import { encodeNpy } from "../../tensor/npy.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import { pythonJson, pythonObject } from "../../rpc/objects/python_json.ts";

/** Bytes of one array with its .npy header: a chunk. */
const ARRAY_BYTES = CHUNK_BYTES;
/** Of a vector's .npy file (version 1.0, padded to a multiple of 64). */
const HEADER_BYTES = 128;
const ELEMENTS = (ARRAY_BYTES - HEADER_BYTES) / Float32Array.BYTES_PER_ELEMENT;

/**
 * A model's objects, of which the large ones are not kept but made again whenever they are asked for: a load program that
 * holds many models would take the memory of the machine.
 */
export class LightModel {
  /** The RecordDict's id. */
  readonly content: ObjectId;
  /** All objects with their children. */
  readonly tree: ObjectTree;
  readonly #bytes: ReadonlyMap<ObjectId, () => Promise<Uint8Array>>;

  private constructor(
    content: ObjectId,
    tree: ObjectTree,
    bytes: ReadonlyMap<ObjectId, () => Promise<Uint8Array>>,
  ) {
    this.content = content;
    this.tree = tree;
    this.#bytes = bytes;
  }

  /**
   * Makes a model of float32 arrays.
   *
   * @param tag the seed of its numbers: models of different tags have no array in common
   * @param bytes how large it is, rounded up to whole arrays of 5 MiB
   */
  static async make(tag: number, bytes: number): Promise<LightModel> {
    const tree = new Map<ObjectId, readonly ObjectId[]>();
    const contents = new Map<ObjectId, () => Promise<Uint8Array>>();
    const small = (
      type: "Array" | "ArrayRecord" | "RecordDict",
      children: readonly ObjectId[],
      json: string,
    ): ObjectId => {
      const object = makeSmallObject(type, children, new TextEncoder().encode(json));
      tree.set(object.id, children);
      contents.set(object.id, () => Promise.resolve(object.bytes));
      return object.id;
    };
    const arrays: ObjectId[] = [];
    for (let place = 0; place < Math.ceil(bytes / ARRAY_BYTES); place++) {
      const makeChunk = () => makeObject("ArrayChunk", [], arrayData(tag, place));
      const { id } = await makeChunk();
      tree.set(id, []);
      contents.set(id, async () => (await makeChunk()).bytes);
      arrays.push(small("Array", [id], ARRAY_JSON));
    }
    const names = arrays.map((id, place) => [String(place), pythonJson(id)] as const);
    const record = small("ArrayRecord", arrays, pythonObject(names));
    const content = small(
      "RecordDict",
      [record],
      pythonObject([["arrays", pythonJson(record)]]),
    );
    return new LightModel(content, tree, contents);
  }

  /** An object's bytes; undefined for one that is not the model's. */
  async bytes(id: ObjectId): Promise<Uint8Array | undefined> {
    return await this.#bytes.get(id)?.();
  }
}

const ARRAY_JSON = pythonObject([
  ["dtype", pythonJson("float32")],
  ["shape", pythonJson([ELEMENTS])],
  ["stype", pythonJson("numpy.ndarray")],
  ["arraychunk_ids", pythonJson([0])],
]);

function arrayData(tag: number, place: number): Uint8Array {
  const data = new Float32Array(ELEMENTS);
  // Numbers from −0.5 to 0.5, as of a trained model: equal ones would have sums without errors.
  let state = (tag + 1) * 1_000_003 + place;
  for (let i = 0; i < ELEMENTS; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    data[i] = state / 2 ** 32;
  }
  return encodeNpy(tensor("float32", [ELEMENTS], data));
}

/** Bytes of a model's arrays with their headers, if it is to have that many. */
export function modelBytes(bytes: number): number {
  return Math.ceil(bytes / ARRAY_BYTES) * ARRAY_BYTES;
}

/** Arrays like those of a model of that many bytes: the same names and shapes, of zeros. */
export function zeroArrays(bytes: number): [string, Tensor][] {
  return Array.from(
    { length: Math.ceil(bytes / ARRAY_BYTES) },
    (_, place) => [String(place), zeros("float32", [ELEMENTS])],
  );
}
