import assert from "node:assert/strict";
import { add, mul, relu } from "../../ml/graph/elementwise.ts";
import { input } from "../../ml/graph/value.ts";
import { difference, fullListing, listGraph } from "./listing.ts";

const [x, y] = [input("x", "float32", [2, 3]), input("y", "float32", [3])];

Deno.test("listGraph: operands before users, inputs and numbers without lines", () => {
  const lines = listGraph([relu(add(mul(x, 0.5), y))]);
  assert.deepEqual(lines.map(({ name, text }) => `${name} = ${text}`), [
    "v1 = mul(x, 0.5)  float32 [2, 3]",
    "v2 = add(v1, y)  float32 [2, 3]",
    "v3 = relu(v2)  float32 [2, 3]",
  ]);
});

Deno.test("fullListing: lines that the previous listing did not have are marked, whatever their names", () => {
  const before = listGraph([relu(x)]);
  const after = listGraph([mul(relu(add(x, y)), 2)]);
  assert.equal(
    fullListing(after, before),
    [
      "›  v1 = add(x, y)  float32 [2, 3]",
      "   v2 = relu(v1)  float32 [2, 3]",
      "›  v3 = mul(v2, 2)  float32 [2, 3]",
    ].join("\n"),
  );
});

Deno.test("difference: removed and added lines", () => {
  const text = difference(listGraph([relu(add(x, y))]), listGraph([relu(mul(x, y))]));
  assert.equal(
    text,
    [
      "‹  v1 = add(x, y)  float32 [2, 3]",
      "   v2 = relu(v1)  float32 [2, 3]",
      "",
      "›  v1 = mul(x, y)  float32 [2, 3]",
      "   v2 = relu(v1)  float32 [2, 3]",
    ].join("\n"),
  );
});
