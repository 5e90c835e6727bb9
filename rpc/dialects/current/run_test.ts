import assert from "node:assert/strict";
import type { LinkRun } from "../../../entities/run.ts";
import { isoTime, secondsOfIsoTime } from "./iso_time.ts";
import { runInfoFromWire, runToWire } from "./run.ts";

const RUN: LinkRun = {
  runId: 2n ** 64n - 1n,
  fabId: "me/app",
  fabVersion: "1.0.0",
  fabHash: "ab",
  overrideConfig: { lr: 0.5, "num-rounds": 3n },
  federation: "@none/default",
  seriesId: 9n,
  taskId: 8n,
  state: "finished:stopped",
  details: "by its owner",
  pendingAt: 1_795_426_135.535156,
  startingAt: 1_795_426_136,
  bytesSent: 543,
  bytesReceived: 12,
  clientAppSeconds: 1.5,
};

Deno.test("a run has the form of Flower's SuperLink", () => {
  const run = runToWire(RUN);
  assert.deepEqual(
    { ...run.status!, $typeName: "" },
    { $typeName: "", status: "finished", subStatus: "stopped", details: "by its owner" },
  );
  assert.equal(run.pendingAt, "2026-11-23T09:28:55.535156+00:00");
  assert.deepEqual([run.startingAt.slice(-15), run.runningAt, run.finishedAt], [
    "56.000000+00:00",
    "",
    "",
  ]);
  assert.deepEqual([run.flwrAid, run.accountName], ["<id:none>", "none"]);
  assert.deepEqual([run.primaryTaskType, run.primaryTaskId], ["flwr-serverapp", 8n]);
  assert.deepEqual(runToWire({ ...RUN, state: "running" }).status!.subStatus, "");
});

Deno.test("a node reads the fields of a run that it needs", () => {
  const { overrideConfig, ...info } = runInfoFromWire(runToWire(RUN));
  assert.deepEqual(info, {
    runId: RUN.runId,
    fabId: "me/app",
    fabVersion: "1.0.0",
    fabHash: "ab",
    seriesId: 9n,
  });
  assert.deepEqual(overrideConfig.toObject(), { lr: 0.5, "num-rounds": 3 });
});

Deno.test("times survive the conversion to text", () => {
  for (const seconds of [0, 1_795_426_135.535156, 1.000001, 4_000_000_000.25]) {
    const back = secondsOfIsoTime(isoTime(seconds));
    assert.ok(Math.abs(back! - seconds) < 0.001, String(seconds));
  }
  assert.equal(isoTime(undefined), "");
  assert.equal(secondsOfIsoTime(""), undefined);
  assert.equal(secondsOfIsoTime("soon"), undefined);
});
