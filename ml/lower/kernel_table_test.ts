import assert from "node:assert/strict";
import fc from "fast-check";
import { DTYPES } from "../../tensor/dtype.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { hasKernel, PROBED_OPERATORS } from "../testing/kernel_probe.ts";
import { KERNEL_TYPES } from "./kernel_table.ts";

/** Number of cells of the table that each run tries, chosen at random. */
const TRIED = 60;

Deno.test("the table of kernels agrees with ONNX Runtime", async () => {
  await using engine = await LocalEngine.create(1);
  const cells = PROBED_OPERATORS.flatMap((op) => DTYPES.map((dtype) => [op, dtype] as const));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...cells), async ([op, dtype]) => {
      const isListed = KERNEL_TYPES[op]!.includes(dtype);
      assert.equal(await hasKernel(engine, op, dtype), isListed, `${op} of ${dtype}`);
    }),
    { numRuns: TRIED },
  );
});

Deno.test("the table has a row for every operator that is tried", () => {
  assert.deepEqual(Object.keys(KERNEL_TYPES).sort(), [...PROBED_OPERATORS]);
});
