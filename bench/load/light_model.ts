import type { ObjectId, ObjectTree } from "../../entities/object.ts";
import { CHUNK_BYTES } from "../../rpc/objects/array.ts";
import { makeObject, makeSmallObject } from "../../rpc/objects/object.ts";
import { pythonJson, pythonObject } from "../../rpc/objects/python_json.ts";

/** Bytes of one array: a chunk. */
const ARRAY_BYTES = CHUNK_BYTES;
const BYTES_PER_FLOAT = 4;

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
   * @param tag what its arrays are filled with: models of different tags have no array in common
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
  ["shape", pythonJson([ARRAY_BYTES / BYTES_PER_FLOAT])],
  ["stype", pythonJson("numpy.ndarray")],
  ["arraychunk_ids", pythonJson([0])],
]);

function arrayData(tag: number, place: number): Uint8Array {
  const data = new Float32Array(ARRAY_BYTES / BYTES_PER_FLOAT).fill(tag + 1);
  data[0] = place;
  return new Uint8Array(data.buffer);
}
