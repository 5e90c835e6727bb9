import assert from "node:assert/strict";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { add, fill, mul } from "../graph/elementwise.ts";
import { indexTable } from "../graph/index_table.ts";
import { gather, gatherSum } from "../graph/indexing.ts";
import { matmul } from "../graph/linear.ts";
import { broadcastTo, reshape, slice, transpose } from "../graph/movement.ts";
import { uniform } from "../graph/random.ts";
import { reduceSum } from "../graph/reduce.ts";
import { input, type Node, type Value } from "../graph/value.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { OPTIMIZED } from "./passes.ts";
import { type FreeRows, lowerFreeRows, lowerProgram, type Program, stepsName } from "./program.ts";

const MOST = 300;
const TABLE = tensor("float32", [5, 4], Float32Array.from({ length: 20 }, (_, i) => i - 7));

const source = (name: string, dtype: "float32" | "int32" | "int64" | "uint32", shape: number[]) =>
  input(name, dtype, shape) as Node<"input">;
const count = source("count", "int64", [1]);
const key = source("key", "uint32", []);

/** A program that yields a function of the table's rows at the given indices. */
function programFor(batch: number, result: (x: Value, batch: number) => Value): Program {
  const [rows, table] = [source("rows", "int32", [batch]), source("table", "float32", [5, 4])];
  return {
    state: [],
    scanned: [rows, key, count],
    captured: [table],
    stacked: [{ name: "result", value: result(gather(table, rows), batch) }],
  };
}

function freeModel(result: (x: Value, batch: number) => Value): Uint8Array | undefined {
  const program = programFor(MOST, result);
  const free: FreeRows = {
    fewer: programFor(MOST - 1, result),
    rows: [MOST, MOST - 1],
    count,
    cut: [program.scanned[0]!],
    otherwise: () => program,
  };
  return lowerFreeRows(program, free, OPTIMIZED.patterns);
}

async function run(model: Uint8Array, rows: number, filled: number): Promise<number[]> {
  await using engine = await LocalEngine.create(1);
  await engine.load("model", model);
  const indices = Int32Array.from({ length: filled }, (_, i) => i < rows ? i * 3 % 5 : 4);
  const given: [string, Tensor][] = [
    [stepsName("rows"), tensor("int32", [1, filled], indices)],
    [stepsName("key"), tensor("uint32", [1], Uint32Array.of(77))],
    [stepsName("count"), tensor("int64", [1, 1], BigInt64Array.of(BigInt(rows)))],
    ["table", TABLE],
  ];
  const { returned: [result] } = await engine.run({
    model: "model",
    stored: [],
    given,
    kept: [],
    returned: ["result"],
  });
  return [...result!.data as Float32Array];
}

/** Sums over the rows, so that the result has the same shape for each number of rows. */
const CASES: Readonly<Record<string, (x: Value, batch: number) => Value>> = {
  "rows that are merged with another axis, and sums over many": (x, batch) => {
    const flat = reshape(mul(x, x), [batch * 2, 2]);
    return reduceSum(flat, { axes: [0] });
  },
  "constants with an entry per row": (x, batch) => {
    const steps = mul(fill(0.5, "float32", [batch, 1]), 3);
    return reduceSum(mul(x, steps), { axes: [0] });
  },
  "a parameter that is repeated for each row, and a slice of it": (x, batch) => {
    const copies = broadcastTo(reshape(x, [batch, 1, 4]), [batch, 3, 4]);
    const part = slice(copies, [0, 1, 0], [batch, 3, 2]);
    return reduceSum(part, { axes: [0, 1] });
  },
  "the rows as the last axis, and a table over the other": (x) => {
    const turned = gatherSum(transpose(x), indexTable(4, Int32Array.of(3, -1, 0)));
    return matmul(turned, transpose(turned));
  },
  "random numbers": (x, batch) => {
    const random = uniform(key, 5, [batch, 4]);
    return reduceSum(mul(x, random), { axes: [0] });
  },
};

for (const [name, result] of Object.entries(CASES)) {
  Deno.test(`a program for any number of rows computes what the one for that number does: ${name}`, async () => {
    const model = freeModel(result);
    assert.ok(model);
    for (const rows of [1, 2, 5, 261, MOST - 1, MOST]) {
      const own = lowerProgram(programFor(rows, result), OPTIMIZED.patterns);
      const actual = await run(model, rows, MOST);
      const expected = await run(own, rows, rows);
      assert.equal(actual.length, elementCount(result(fill(1, "float32", [rows, 4]), rows).shape));
      actual.forEach((number, i) => {
        const error = Math.abs(number - expected[i]!);
        assert.ok(error <= 1e-5 * (1 + Math.abs(expected[i]!)), `${rows} rows: ${error}`);
      });
    }
  });
}

Deno.test("a program that depends on the number of rows in more than lengths is not for any number", () => {
  const dependent: (typeof CASES)[string][] = [
    // A mean over the rows.
    (x, batch) => mul(reduceSum(x, { axes: [0] }), 1 / batch),
    // An operator more.
    (x, batch) => batch === MOST ? add(reduceSum(x), 1) : reduceSum(x),
    // A length that is no multiple.
    (x, batch) => reduceSum(slice(x, [0, 0], [batch - 5, 4]), { axes: [0] }),
    // Other entries.
    (x, batch) => {
      const entries = Int32Array.from({ length: batch }, (_, i) => batch - 1 - i);
      return reduceSum(mul(gatherSum(x, indexTable(batch, entries)), x), { axes: [0] });
    },
    // A result with the rows.
    (x) => mul(x, 2),
  ];
  for (const result of dependent) assert.equal(freeModel(result), undefined);
});
