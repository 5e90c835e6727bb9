import assert from "node:assert/strict";
import { NodeLabels } from "./node_labels.ts";

Deno.test("a node's label is its name, its id without one, and both if names are equal", () => {
  const labels = new NodeLabels();
  labels.set(1n, "hospital-a");
  labels.set(2n, "hospital-b");
  assert.deepEqual([1n, 2n, 3n].map((id) => labels.of(id)), ["hospital-a", "hospital-b", "3"]);
  labels.set(3n, "Hospital-A");
  assert.deepEqual([1n, 2n, 3n].map((id) => labels.of(id)), [
    "hospital-a (1)",
    "hospital-b",
    "Hospital-A (3)",
  ]);
  labels.set(3n, "hospital-c");
  labels.set(2n, undefined);
  assert.deepEqual([1n, 2n, 3n].map((id) => labels.of(id)), ["hospital-a", "2", "hospital-c"]);
  assert.deepEqual([1n, 2n].map((id) => labels.nameOf(id)), ["hospital-a", undefined]);
});

Deno.test("with ids, each name is followed by the id", () => {
  const labels = new NodeLabels({ withIds: true });
  labels.set(1n, "a");
  assert.deepEqual([labels.of(1n), labels.of(2n)], ["a (1)", "2"]);
});

Deno.test("a name that could be read as an id or as several words has quotes", () => {
  const labels = new NodeLabels();
  const shown = (name: string) => {
    labels.set(1n, name);
    return labels.of(1n);
  };
  assert.equal(shown("12345"), '"12345"');
  assert.equal(shown("b failed: no data"), '"b failed: no data"');
  assert.equal(shown('a" "b'), '"a\\" \\"b"');
  assert.equal(shown("a\n\u001b[2J"), '"a\\n\\u001b[2J"');
  assert.equal(shown("Süd-1@klinik.example"), "Süd-1@klinik.example");
});
