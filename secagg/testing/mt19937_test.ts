import assert from "node:assert/strict";
import { Mt19937 } from "./mt19937.ts";

Deno.test("mt19937: gives the reference outputs of its default seed", () => {
  // From the authors' mt19937ar: init_genrand(5489), outputs 1 to 3; C++ requires output 10,000.
  const generator = new Mt19937(5489);
  const outputs = Array.from({ length: 10_000 }, () => generator.next());
  assert.deepEqual(outputs.slice(0, 3), [3499211612, 581869302, 3890346734]);
  assert.equal(outputs.at(-1), 4123659995);
});

Deno.test("mt19937: draws doubles as numpy's RandomState does", () => {
  // numpy 2.4: RandomState(42).random_sample(2)
  const generator = new Mt19937(42);
  assert.deepEqual([generator.double(), generator.double()], [
    0.3745401188473625,
    0.9507143064099162,
  ]);
});
