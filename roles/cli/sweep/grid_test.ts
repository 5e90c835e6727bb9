import assert from "node:assert/strict";
import { readSweepConfig } from "../../../fab/sweep_config.ts";
import { UsageError } from "../../flags/values.ts";
import { type Grid, gridOf, type GridOptions, settingsText, valueText } from "./grid.ts";

const OPTIONS: GridOptions = { averageOver: undefined, seeds: undefined, maxRuns: 100 };

const grid = async (text: string, options: Partial<GridOptions> = {}): Promise<Grid> =>
  gridOf(await readSweepConfig([text]), { ...OPTIONS, ...options });

const texts = ({ runs }: Grid) => runs.map((run) => settingsText(run));

Deno.test("grid: all combinations, the last setting changes fastest", async () => {
  const made = await grid('lr=[0.01,1.0] rounds=3 seed=[2,1] opt=["a b"]');
  assert.deepEqual(texts(made), [
    'lr=0.01 rounds=3 seed=2 opt="a b"',
    'lr=0.01 rounds=3 seed=1 opt="a b"',
    'lr=1.0 rounds=3 seed=2 opt="a b"',
    'lr=1.0 rounds=3 seed=1 opt="a b"',
  ]);
  assert.deepEqual([made.swept, made.averaged], [["lr", "seed", "opt"], ["seed"]]);
  assert.deepEqual(texts(await grid("rounds=3")), ["rounds=3"]);
  assert.deepEqual(texts(await grid("")), [""]);
});

Deno.test("grid: a text of settings is read back as the same settings", async () => {
  const text = '"a key"=1 b=1.0 c=1e+21 d=-0.0 e=true f="x \\"y\\"" g=nan h=inf i=-inf';
  const [run] = (await grid(text)).runs;
  assert.deepEqual(new Map(await readSweepConfig([settingsText(run!)])), run);
  assert.equal(valueText(1n), "1");
  assert.equal(valueText(1), "1.0");
});

Deno.test("grid: --seeds are the seeds from 1, and fit no other seed", async () => {
  const made = await grid("lr=[1,2]", { seeds: 2 });
  assert.deepEqual(texts(made), ["lr=1 seed=1", "lr=1 seed=2", "lr=2 seed=1", "lr=2 seed=2"]);
  assert.deepEqual(made.averaged, ["seed"]);
  await assert.rejects(grid("seed=[1,2]", { seeds: 2 }), UsageError);
});

Deno.test("grid: --average-over names settings with a list", async () => {
  const names = async (...averageOver: string[]) =>
    (await grid("lr=[1,2] fold=[1,2] seed=[1,2] n=1", { averageOver })).averaged;
  assert.deepEqual(await names("seed", "fold"), ["fold", "seed"]);
  assert.deepEqual(await names("fold"), ["fold"]);
  await assert.rejects(names("n"), { code: "invalid-argument", message: /"n" has no list/ });
  // A single seed is no list, so each run is a group of its own.
  assert.deepEqual((await grid("lr=[1,2] seed=1")).averaged, []);
});

Deno.test("grid: too many runs are refused before they are made", async () => {
  const ten = "[1,2,3,4,5,6,7,8,9,10]";
  const text = Array.from({ length: 30 }, (_, index) => `k${index}=${ten}`).join(" ");
  await assert.rejects(grid(text), { code: "invalid-argument", message: /more than 100/ });
  assert.equal((await grid(`a=${ten} b=${ten}`)).runs.length, 100);
  await assert.rejects(grid(`a=${ten} b=${ten} c=[1,2]`), {
    message: /200 runs, more than 100/,
  });
});
