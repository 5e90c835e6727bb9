import assert from "node:assert/strict";
import { inTemporaryFolder } from "../../../base/testing/temporary_folder.ts";
import { NodeTable } from "../../../simulation/node_table.ts";
import { readNodeTable } from "./node_table.ts";

/** Reads a table from a file with this text. */
async function tableOf(text: string | Uint8Array, name = "nodes.csv", nodes?: number) {
  let bytes: Uint8Array | undefined;
  await inTemporaryFolder(async (folder) => {
    const file = `${folder}/${name}`;
    await Deno.writeFile(file, typeof text === "string" ? new TextEncoder().encode(text) : text);
    bytes = await readNodeTable(file, nodes);
  });
  const table = new NodeTable(bytes!);
  return Array.from({ length: table.nodes }, (_, row) => table.settingsOf(row));
}

Deno.test("--node-table: a CSV table has numbers, booleans and texts by column", async () => {
  const text = 'name,speed,count,postcode,gpu\r\n"A, B",1.5,3,01234,TRUE\r\nC,2,-4,91234,false\r\n';
  assert.deepEqual(await tableOf(text), [
    { name: "A, B", speed: 1.5, count: 3, postcode: "01234", gpu: true },
    { name: "C", speed: 2, count: -4, postcode: "91234", gpu: false },
  ]);
});

Deno.test("--node-table: a JSON table has a value of its own type for each node, or none", async () => {
  const nodes = [{ a: 1, b: "01" }, {}, { b: 2.5, c: true }];
  assert.deepEqual(await tableOf(JSON.stringify(nodes), "nodes.JSON", 3), nodes);
});

const REFUSED: readonly (readonly [why: string, text: string, name?: string, nodes?: number])[] = [
  ["fewer rows than nodes", "a\n1\n", "nodes.csv", 2],
  ["fewer objects than nodes", "[{}]", "nodes.json", 2],
  ["partition-id", "partition-id,a\n0,1\n"],
  ["num-partitions", '[{"num-partitions": 3}]', "nodes.json"],
  ["an empty cell", "a,b\n1,\n"],
  ["a cell of another kind", "a\n1\nn/a\n"],
  ["text, then a number", "a\nx\n1\n"],
  ["a missing cell", "a,b\n1\n"],
  ["an open quote", 'a\n"1\n'],
  ["two columns of one name", "a,a\n1,2\n"],
  ["no name", "a,\n1,2\n"],
  ["nothing", ""],
  ["an integer beyond 2^53", "a\n9007199254740993\n"],
  ["a number beyond all floats", "a\n1e999\n"],
  ["JSON that is damaged", "[{]", "nodes.json"],
  ["JSON without an array", "{}", "nodes.json"],
  ["JSON with a list", '[{"a":[1]}]', "nodes.json"],
  ["JSON with null", '[{"a":null}]', "nodes.json"],
  ["JSON with a number in place of a node", "[1]", "nodes.json"],
  ["JSON with an integer beyond 2^53", '[{"a":9007199254740993}]', "nodes.json"],
  ["another format", "a\n1\n", "nodes.xlsx"],
];

for (const [why, text, name, nodes] of REFUSED) {
  Deno.test(`--node-table: refused with the file's name: ${why}`, async () => {
    await assert.rejects(tableOf(text, name, nodes), (error: Error & { code: string }) => {
      assert.equal(error.code, "invalid-argument");
      assert.match(error.message, /--node-table: ".*nodes\./);
      return true;
    });
  });
}

Deno.test("--node-table: a table beyond the limit is refused, as a file and once encoded", async () => {
  const large = new Uint8Array(16 * 1024 * 1024 + 1).fill(0x20);
  await assert.rejects(tableOf(large, "nodes.json"), { code: "invalid-argument" });
  // Each cell of five bytes with its comma takes seven as JSON.
  const cells = Array.from({ length: 1000 }, () => "text").join(",");
  const names = Array.from({ length: 1000 }, (_, i) => `c${i}`).join(",");
  const rows = `${cells}\n`.repeat(3000);
  assert.ok(rows.length < large.length);
  await assert.rejects(tableOf(`${names}\n${rows}`), { code: "invalid-argument" });
});

Deno.test(
  "--node-table: an endless file is refused",
  { ignore: Deno.build.os === "windows" },
  async () => {
    await inTemporaryFolder(async (folder) => {
      await Deno.symlink("/dev/zero", `${folder}/nodes.csv`);
      await assert.rejects(readNodeTable(`${folder}/nodes.csv`, 2), { code: "invalid-argument" });
      await assert.rejects(readNodeTable(`${folder}/missing.csv`, 2), { code: "not-found" });
    });
  },
);
