import assert from "node:assert/strict";
import { nextTurn } from "../../base/turn.ts";
import { StrangersTurn } from "./strangers_turn.ts";

Deno.test("of many strangers a few have their turn, then everybody else", async () => {
  const turn = new StrangersTurn(2);
  const served: number[] = [];
  const all = Promise.all(Array.from({ length: 7 }, async (_, index) => {
    if (!turn.take()) await turn.wait();
    served.push(index);
  }));
  await Promise.resolve();
  assert.deepEqual(served, [0, 1]);
  let turns = 0;
  for (let before = 2; served.length < 7; before = served.length) {
    await nextTurn();
    assert.ok(served.length - before <= 2, `${served}`);
    assert.ok(++turns < 20);
  }
  await all;
  assert.deepEqual(served, [0, 1, 2, 3, 4, 5, 6]);
});
