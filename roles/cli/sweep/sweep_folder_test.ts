import assert from "node:assert/strict";
import { inTemporaryFolder } from "../../../base/testing/temporary_folder.ts";
import type { FinishedRun } from "./results.ts";
import { SweepFolder } from "./sweep_folder.ts";

const SETTINGS = new Map([["lr", 0.1]]);

const finished = (runId: bigint): FinishedRun => ({
  runId,
  status: "completed",
  error: "",
  seconds: 1.5,
  metrics: new Map([[
    "evaluate/loss",
    { final: NaN, finalRound: 3, min: -Infinity, minRound: 1, max: 2, maxRound: 2 },
  ]]),
});

Deno.test("sweep folder: what was added is there when it is opened again", () =>
  inTemporaryFolder(async (parent) => {
    const path = `${parent}/sweep-1`;
    {
      using folder = await SweepFolder.create(path);
      await folder.add("a", SETTINGS, { status: "started", runId: 1n });
      await Promise.all([
        folder.add("a", SETTINGS, finished(1n)),
        folder.add("b", SETTINGS, { status: "started", runId: 2n ** 64n - 1n }),
      ]);
      await folder.saveHistory(1n, new Uint8Array([123, 125]));
    }
    using folder = await SweepFolder.open(path);
    assert.deepEqual(folder.run("a"), finished(1n));
    assert.deepEqual(folder.run("b"), { status: "started", runId: 2n ** 64n - 1n });
    assert.equal(folder.run("c"), undefined);
    assert.equal(await Deno.readTextFile(`${path}/histories/1.json`), "{}");
  }));

Deno.test("sweep folder: a crash in the middle of a line costs this line", () =>
  inTemporaryFolder(async (parent) => {
    const path = `${parent}/sweep-1`;
    {
      using folder = await SweepFolder.create(path);
      await folder.add("a", SETTINGS, finished(1n));
    }
    await Deno.writeTextFile(`${path}/sweep.jsonl`, '{"fingerprint":"b","run', { append: true });
    for (let time = 0; time < 2; time++) {
      using folder = await SweepFolder.open(path);
      assert.equal(folder.run("a")?.status, "completed");
      assert.equal(folder.run("b"), undefined);
      if (time === 0) await folder.add("c", SETTINGS, finished(3n));
      else assert.equal(folder.run("c")?.status, "completed");
    }
  }));

Deno.test("sweep folder: another folder, a damaged one and one in use are refused", () =>
  inTemporaryFolder(async (parent) => {
    await assert.rejects(SweepFolder.open(parent), { code: "not-found" });
    const path = `${parent}/sweep-1`;
    {
      using _ = await SweepFolder.create(path);
      await assert.rejects(SweepFolder.create(path), { code: "failed-precondition" });
      await assert.rejects(SweepFolder.open(path), { code: "failed-precondition" });
    }
    const file = `${path}/sweep.jsonl`;
    const header = await Deno.readTextFile(file);
    for (
      const [line, name] of [
        ['{"fingerprint":"a","run-id":"x","status":"started"}', "line 2"],
        ['{"fingerprint":"a","run-id":"1","status":"done"}', "line 2"],
        ['{"fingerprint":"a","run-id":"1","status":"failed"}', "line 2"],
      ] as const
    ) {
      await Deno.writeTextFile(file, `${header}${line}\n`);
      const refusal = { code: "data-loss", message: new RegExp(name) };
      await assert.rejects(SweepFolder.open(path), refusal, line);
    }
    await Deno.writeTextFile(file, '{"format":"flwr-sweep","version":2}\n');
    await assert.rejects(SweepFolder.open(path), { code: "data-loss" });
  }));
