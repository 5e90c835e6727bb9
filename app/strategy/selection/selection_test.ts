import assert from "node:assert/strict";
import { FakeClock } from "../../../base/clock.ts";
import { settle } from "../../../base/testing/settle.ts";
import type { NodeId } from "../../../entities/metadata.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import { FakeDriver } from "../../fake_driver.ts";
import { Grid } from "../../grid.ts";
import type { PhaseName } from "../../result.ts";
import { phaseOf } from "../round/round.ts";
import { FractionSelection, type FractionSelectionOptions } from "./fraction_selection.ts";
import { ListedNodes } from "./listed_nodes.ts";
import type { Selection } from "./selection.ts";

function setUp(online: NodeId[]) {
  const clock = new FakeClock();
  const driver = new FakeDriver(online, () => undefined);
  const grid = new Grid(driver, 7n, { clock });
  const select = (selection: Selection, number = 1, phase: PhaseName = "train") =>
    selection.select(
      phaseOf({ number, arrays: new ArrayRecord(), config: new ConfigRecord(), grid }, phase),
    );
  return { clock, driver, select };
}

const NODES = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n];

Deno.test("selection: a seed determines the nodes of each round and phase, whatever came before", async () => {
  const { select } = setUp(NODES);
  const chosen = async (rounds: number[], seed = 3, phase: PhaseName = "train") => {
    const selection = new FractionSelection({ fraction: 0.5, seed });
    const all = [];
    for (const round of rounds) all.push((await select(selection, round, phase)).nodeIds);
    return all;
  };
  const [first, second, third] = await chosen([1, 2, 3]);
  assert.deepEqual(await chosen([3]), [third]);
  assert.equal(new Set([first, second, third].map(String)).size, 3);
  assert.notDeepEqual(await chosen([1, 2, 3], 4), [first, second, third]);
  assert.notDeepEqual(await chosen([1, 2, 3], 3, "evaluate"), [first, second, third]);
});

Deno.test("selection: with a predicate, other nodes neither count nor are chosen", async () => {
  const { clock, driver, select } = setUp(NODES);
  driver.names.set(2n, "hospital-a").set(4n, "lab");
  const where = ({ name }: { name?: string }) => name?.startsWith("hospital-") === true;
  const waiting = select(new FractionSelection({ where }));
  await settle();
  driver.names.set(9n, "hospital-b"); // now there are two
  await clock.advance(1);
  assert.deepEqual(await waiting, { nodeIds: [2n, 9n], available: 2 });
});

Deno.test("selection: listed nodes are asked once all are online; an empty list skips the round", async () => {
  const { clock, driver, select } = setUp([1n, 2n]);
  const selection = new ListedNodes((round) => round === 1 ? [3n, 1n, 3n] : []);
  const waiting = select(selection);
  await settle();
  driver.online = [1n, 2n, 3n];
  await clock.advance(1);
  assert.deepEqual(await waiting, { nodeIds: [1n, 3n], available: 2 });
  assert.deepEqual(await select(selection, 2), { nodeIds: [], available: 0 });
});

Deno.test("selection: options out of range are refused by name", () => {
  const cases: [FractionSelectionOptions, RegExp][] = [
    [{ fraction: 1.5 }, /fraction must be a number from 0 to 1: got 1.5/],
    [{ minNodes: 0 }, /minNodes must be a whole number from 1: got 0/],
    [{ minAvailableNodes: 1.5 }, /minAvailableNodes/],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => new FractionSelection(options), message);
  }
});
