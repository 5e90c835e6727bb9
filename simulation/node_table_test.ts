import assert from "node:assert/strict";
import { countTableNodes } from "../entities/node_table.ts";
import { NodeTable } from "./node_table.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("a node table has the settings of each partition, and leaves out those that a node lacks", () => {
  const bytes = NodeTable.encode(["region", "speed", "gpu"], [
    ["süd\n1", 1.5, true],
    ["nord", 2, null],
  ]);
  const table = new NodeTable(bytes);
  assert.equal(table.nodes, 2);
  assert.equal(countTableNodes(bytes), 2);
  assert.deepEqual(table.settingsOf(0), { region: "süd\n1", speed: 1.5, gpu: true });
  assert.deepEqual(table.settingsOf(1), { region: "nord", speed: 2 });
});

Deno.test("bytes that are no node table are refused, whole or when the row is read", () => {
  for (const text of ["", "[]", "{}\n", "[1]\n", '["a"]\n[1]', '["a"]\n[1', "\n", "\xff\n"]) {
    assert.throws(() => new NodeTable(encode(text)), { code: "invalid-argument" }, text);
  }
  for (const row of ["[]", "[1,2]", "[[1]]", "[{}]", "1", "{}", ""]) {
    const table = new NodeTable(encode(`["a"]\n${row}\n`));
    assert.throws(() => table.settingsOf(0), { code: "invalid-argument" }, row);
  }
});
