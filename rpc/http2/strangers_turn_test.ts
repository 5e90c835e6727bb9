import assert from "node:assert/strict";
import { nextTurn } from "../../base/turn.ts";
import { StrangersTurn } from "./strangers_turn.ts";

Deno.test("strangers' turn: a few of many strangers are served per turn, then everyone else", async () => {
  const turn = new StrangersTurn(2);
  const served: number[] = [];
  const all = Promise.all(Array.from({ length: 7 }, async (_, index) => {
    if (!turn.takePlace()) await turn.waitForPlace();
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
