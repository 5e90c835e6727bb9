import assert from "node:assert/strict";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { div, mod } from "../graph/elementwise.ts";
import { input, type Node } from "../graph/value.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { lowerGraph } from "./program.ts";

const LEAST = { int32: -(2n ** 31n), int64: -(2n ** 63n) } as const;

function whole(dtype: "int32" | "int64", values: readonly bigint[]): Tensor {
  return dtype === "int64"
    ? tensor(dtype, [values.length], BigInt64Array.from(values))
    : tensor(dtype, [values.length], Int32Array.from(values, Number));
}

for (const dtype of ["int32", "int64"] as const) {
  Deno.test(`the smallest ${dtype} divided by −1 does not end the process`, async () => {
    await using engine = await LocalEngine.create(1);
    const [a, b] = ["a", "b"].map((name) => input(name, dtype, [4]) as Node<"input">);
    const results = [div(a!, b!), mod(a!, b!), mod(a!, b!, "divisor")];
    const named = results.map((value, i) => ({ name: `y${i}`, value }));
    await engine.load("m", lowerGraph([a!, b!], named, []));
    const { returned } = await engine.run({
      model: "m",
      stored: [],
      given: [
        ["a", whole(dtype, [LEAST[dtype], 7n, -7n, -7n])],
        ["b", whole(dtype, [-1n, -1n, 2n, -3n])],
      ],
      kept: [],
      returned: named.map(({ name }) => name),
    });
    const got = returned.map(({ data }) => Array.from(data, BigInt));
    // In two's complement, 2³¹ and 2⁶³ wrap to the smallest integer.
    assert.deepEqual(got, [[LEAST[dtype], -7n, -3n, 2n], [0n, 0n, -1n, -1n], [0n, 0n, 1n, -1n]]);
  });
}
