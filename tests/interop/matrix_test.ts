import assert from "node:assert/strict";
import { repositoryPath } from "../support/repository.ts";
import { CELLS, GENERATIONS, isEveryDay, matrixTable, playOf } from "./matrix.ts";

Deno.test("the README's table of what works with what is the list of tests", async () => {
  const lines = (await Deno.readTextFile(repositoryPath("README.md"))).split("\n");
  const table = matrixTable();
  const start = lines.indexOf(table[0]!);
  assert.notEqual(start, -1, `README.md has the line ${table[0]}`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  assert.deepEqual(lines.slice(start, end), table);
});

Deno.test("every test run has each pairing with each generation of Flower's wire", () => {
  const kind = ({ pairing, version }: (typeof CELLS)[number]) => `${pairing}, ${version}`;
  const cells = CELLS.filter(({ version }) => GENERATIONS.includes(version));
  const everyDay = cells.filter((cell) => isEveryDay(playOf(cell)));
  assert.deepEqual([...new Set(everyDay.map(kind))], [...new Set(cells.map(kind))]);
});
