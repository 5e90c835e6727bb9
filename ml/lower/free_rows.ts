import { sameBytes } from "../../base/bytes.ts";
import { elementType } from "../onnx/element_type.ts";
import { attributeProto } from "../onnx/attribute.ts";
import type {
  AttributeProto,
  GraphProto,
  NodeProto,
  TensorProto,
} from "../onnx/message/messages.ts";
import { GRAPH, NODE, TENSOR } from "../onnx/message/types.ts";

/** Two lowerings of one program, for different numbers of rows. */
export interface RowVersions {
  /** The graph for the maximum number of rows of a step, and one for fewer rows. */
  readonly graphs: readonly [GraphProto, GraphProto];
  /** Their numbers of rows. */
  readonly rows: readonly [number, number];
  /** Name of the body's input with a step's number of rows, int64 [1], from 1. */
  readonly count: string;
  /**
   * Names of the body's inputs of which a step uses only its number of rows. They are fed with the maximum number of
   * rows.
   */
  readonly cut: readonly string[];
}

/**
 * Makes one graph for any number of rows from two of the same form: lengths that differ become multiples of the number of
 * rows, which each step reads.
 *
 * @returns undefined if the graphs differ in more than lengths
 */
export function withFreeRows(versions: RowVersions): GraphProto | undefined {
  try {
    return new Merge(versions).graph();
  } catch (error) {
    if (error instanceof Different) return undefined;
    throw error;
  }
}

/** The graphs differ in more than lengths. */
class Different extends Error {}

function require(isSame: boolean): asserts isSame {
  if (!isSame) throw new Different();
}

/** Whether a name belongs to a constant, and not to a value that each step computes. */
function isFixed(name: string): boolean {
  return name.startsWith("#");
}

const INT64 = elementType("int64");
const LOOP = "Scan";

function int64s({ rawData }: TensorProto): bigint[] {
  const aligned = rawData.slice();
  return [...new BigInt64Array(aligned.buffer, 0, aligned.length / 8)];
}

function vector(name: string, values: readonly bigint[]): TensorProto {
  const rawData = new Uint8Array(BigInt64Array.from(values).buffer);
  return TENSOR.create({ name, dims: [BigInt(values.length)], dataType: INT64, rawData });
}

function sameTensor(a: TensorProto, b: TensorProto): boolean {
  return a.dataType === b.dataType && sameList(a.dims, b.dims) && sameBytes(a.rawData, b.rawData);
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((entry, i) => Object.is(entry, b[i]));
}

function sameAttribute(a: AttributeProto, b: AttributeProto): boolean {
  return a.name === b.name && a.type === b.type && a.i === b.i && Object.is(a.f, b.f) &&
    sameBytes(a.s, b.s) && sameList(a.ints, b.ints) && sameList(a.floats, b.floats);
}

/** Keeps only the first position along each marked axis; undefined if the values at the positions differ. */
function firstAlong(
  { dims, rawData }: TensorProto,
  marked: readonly boolean[],
): Uint8Array | undefined {
  const lengths = dims.map(Number);
  const count = lengths.reduce((product, length) => product * length, 1);
  const size = rawData.length / count;
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    let [rest, first, stride] = [i, i, 1];
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      const place = rest % lengths[axis]!;
      rest = Math.floor(rest / lengths[axis]!);
      if (marked[axis]) first -= place * stride;
      stride *= lengths[axis]!;
    }
    if (first === i) kept.push(i);
    for (let byte = 0; byte < size; byte++) {
      if (rawData[i * size + byte] !== rawData[first * size + byte]) return undefined;
    }
  }
  const result = new Uint8Array(kept.length * size);
  kept.forEach((from, to) =>
    result.set(rawData.subarray(from * size, (from + 1) * size), to * size)
  );
  return result;
}

/** Walks two graphs of the same form and makes the one whose lengths depend on the number of rows. */
class Merge {
  readonly #versions: RowVersions;
  readonly #constants: readonly [Map<string, TensorProto>, Map<string, TensorProto>];
  readonly #initializers = new Map<string, TensorProto>();
  /** The second graph's name of each result of the first. */
  readonly #twins = new Map<string, string>();
  /** Results of nodes around the loop that depend on the number of rows, and so move into it. */
  readonly #moved = new Set<string>();
  readonly #body: NodeProto[] = [];
  readonly #computed = new Map<string, string>();

  constructor(versions: RowVersions) {
    this.#versions = versions;
    const named = (graph: GraphProto) =>
      new Map(graph.initializer.map((constant) => [constant.name, constant]));
    this.#constants = [named(versions.graphs[0]), named(versions.graphs[1])];
  }

  graph(): GraphProto {
    const [graph, twin] = this.#versions.graphs;
    require(graph.node.length === twin.node.length);
    this.#pairInputs(graph, twin);
    const loop = graph.node.findIndex(({ opType }) => opType === LOOP);
    this.#addCuts(graph.node[loop]!);
    const around: NodeProto[] = [];
    for (const [i, node] of graph.node.entries()) {
      const other = twin.node[i]!;
      if (i === loop) {
        around.push(this.#loop(node, other));
        continue;
      }
      const merged = this.#node(node, other, i < loop);
      if (merged !== undefined) around.push(merged);
    }
    return GRAPH.create({ ...graph, node: around, initializer: [...this.#initializers.values()] });
  }

  #pairInputs(graph: GraphProto, twin: GraphProto): void {
    require(graph.input.length === twin.input.length);
    graph.input.forEach(({ name }, i) => this.#pair(name, twin.input[i]!.name));
  }

  #pair(name: string, twin: string): void {
    this.#twins.set(name, twin);
  }

  #loop(node: NodeProto, twin: NodeProto): NodeProto {
    require(twin.opType === LOOP && node.output.length === twin.output.length);
    const [body, other] = [node, twin].map(({ attribute }) => attribute.find(({ g }) => g)!.g!);
    require(body!.node.length === other!.node.length);
    this.#pairInputs(body!, other!);
    for (const [i, inner] of body!.node.entries()) {
      this.#body.push(this.#node(inner, other!.node[i]!, false)!);
    }
    for (const [i, { name, type }] of body!.output.entries()) {
      const against = other!.output[i]!;
      const lengths = [type, against.type].map((each) =>
        each!.tensorType!.shape!.dim.map(({ dimValue }) => dimValue)
      );
      require(this.#twins.get(name) === against.name && sameList(lengths[0]!, lengths[1]!));
    }
    const input = node.input.map((name, i) => {
      require(!this.#moved.has(name));
      return this.#input(name, twin.input[i]!).name;
    });
    const attribute = node.attribute.map((each) =>
      each.g === undefined ? each : { ...each, g: GRAPH.create({ ...body!, node: this.#body }) }
    );
    return NODE.create({ ...node, input, attribute });
  }

  /** The node of both; undefined if it was moved into the loop. */
  #node(node: NodeProto, twin: NodeProto, isAround: boolean): NodeProto | undefined {
    const isSame = node.opType === twin.opType && node.domain === twin.domain &&
      node.input.length === twin.input.length && node.output.length === twin.output.length &&
      node.attribute.length === twin.attribute.length &&
      node.attribute.every((each, i) => sameAttribute(each, twin.attribute[i]!));
    require(isSame);
    node.output.forEach((name, i) => this.#pair(name, twin.output[i]!));
    const isShape = (i: number) => node.opType === "Reshape" && i === 1;
    const inputs = node.input.map((name, i) => this.#input(name, twin.input[i]!, isShape(i)));
    const merged = NODE.create({ ...node, input: inputs.map(({ name }) => name) });
    if (!isAround || !inputs.some(({ varies }) => varies)) return merged;
    node.output.forEach((name) => this.#moved.add(name));
    this.#body.push(merged);
    return undefined;
  }

  /** The name of an operand in the result. */
  #input(name: string, twin: string, isReshape = false): { name: string; varies: boolean } {
    const [a, b] = [this.#constants[0].get(name), this.#constants[1].get(twin)];
    if (a === undefined || b === undefined) {
      require(a === b && (name === twin && name === "" || this.#twins.get(name) === twin));
      if (this.#versions.cut.includes(name)) return { name: `${name}.cut`, varies: true };
      return { name, varies: this.#moved.has(name) };
    }
    if (sameTensor(a, b)) {
      this.#initializers.set(name, a);
      return { name, varies: false };
    }
    const key = `${name}:${twin}:${isReshape}`;
    const known = this.#computed.get(key);
    if (known !== undefined) return { name: known, varies: !isFixed(known) };
    const made = this.#constant(a, b, isReshape);
    this.#computed.set(key, made);
    return { name: made, varies: !isFixed(made) };
  }

  #addInitializer(tensor: TensorProto): string {
    this.#initializers.set(tensor.name, tensor);
    return tensor.name;
  }

  #fresh(prefix = "%"): string {
    return `${prefix}rows.${this.#initializers.size}.${this.#body.length}`;
  }

  #add(opType: string, input: string[], attribute: AttributeProto[] = []): string {
    const output = this.#fresh();
    this.#body.push(NODE.create({ opType, input, output: [output], attribute }));
    return output;
  }

  /** A constant that differs between the two graphs. */
  #constant(a: TensorProto, b: TensorProto, isReshape: boolean): string {
    require(a.dataType === b.dataType && a.dims.length === b.dims.length);
    const isVector = a.dataType === INT64 && a.dims.length === 1 && a.dims[0] === b.dims[0];
    if (isVector) return this.#lengths(int64s(a), int64s(b), isReshape);
    const free = a.dims.map((length, axis) => length !== b.dims[axis]);
    require(free.includes(true));
    const shape = this.#lengths(a.dims, b.dims, false);
    const [one, other] = [firstAlong(a, free), firstAlong(b, free)];
    if (one !== undefined && other !== undefined) {
      require(sameBytes(one, other));
      const dims = a.dims.map((length, axis) => free[axis] ? 1n : length);
      const name = this.#addInitializer(
        TENSOR.create({ ...a, name: this.#fresh("#"), dims, rawData: one }),
      );
      return this.#add("Expand", [name, shape]);
    }
    // Numbers for the first rows are the same in both, such as random bits.
    const isLonger = free[0] && !free.includes(true, 1) && a.rawData.length > b.rawData.length &&
      sameBytes(a.rawData.subarray(0, b.rawData.length), b.rawData);
    require(isLonger === true);
    this.#initializers.set(a.name, a);
    const rows = this.#lengths(a.dims.slice(0, 1), b.dims.slice(0, 1), false);
    return this.#add("Slice", [a.name, this.#addInitializer(vector("#rows.zero", [0n])), rows]);
  }

  /** A vector of lengths, each of which is fixed or a multiple of the number of rows. */
  #lengths(a: readonly bigint[], b: readonly bigint[], isReshape: boolean): string {
    const { rows, count } = this.#versions;
    const [most, fewer] = rows.map(BigInt) as [bigint, bigint];
    const factors = a.map((length, i) => {
      if (length === b[i]) return undefined;
      const factor = length / most;
      require(factor * most === length && factor * fewer === b[i]);
      return factor;
    });
    const free = factors.filter((factor) => factor !== undefined).length;
    if (isReshape && free === 1 && !a.includes(0n) && !a.includes(-1n)) {
      // Reshape can infer one length.
      const values = a.map((length, i) => factors[i] === undefined ? length : -1n);
      return this.#addInitializer(vector(`#rows.shape.${values.join()}`, values));
    }
    const key = `${a.join()}:${b.join()}`;
    const known = this.#computed.get(key);
    if (known !== undefined) return known;
    const parts = a.map((length, i) => {
      const factor = factors[i];
      if (factor === 1n) return count;
      if (factor === undefined) {
        return this.#addInitializer(vector(`#rows.length.${length}`, [length]));
      }
      const by = this.#addInitializer(vector(`#rows.length.${factor}`, [factor]));
      return this.#add("Mul", [count, by]);
    });
    const made = parts.length === 1
      ? parts[0]!
      : this.#add("Concat", parts, [attributeProto("axis", { int: 0 })]);
    this.#computed.set(key, made);
    return made;
  }

  #addCuts(loop: NodeProto): void {
    const { cut, count } = this.#versions;
    require(loop !== undefined);
    const zero = this.#addInitializer(vector("#rows.zero", [0n]));
    for (const name of cut) {
      this.#body.push(
        NODE.create({ opType: "Slice", input: [name, zero, count], output: [`${name}.cut`] }),
      );
    }
  }
}
