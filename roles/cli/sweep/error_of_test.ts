import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { exitStatusOf } from "../../flags/exit_status.ts";
import { errorOf, type SweepEnd } from "./error_of.ts";
import { resultsOf, type RunStatus } from "./results.ts";

const END: SweepEnd = {
  failure: undefined,
  isStopped: false,
  metric: undefined,
  where: "",
  folder: "sweep-7",
};

/** The error of a sweep whose runs ended so; undefined for one that did not end. */
function error(statuses: readonly (RunStatus | undefined)[], end: Partial<SweepEnd> = {}) {
  const runs = statuses.map((status, index) => ({
    settings: new Map([["lr", BigInt(index)]]),
    finished: status === undefined
      ? undefined
      : { runId: 7n, status, error: "", seconds: 1, metrics: undefined },
  }));
  const results = resultsOf({ swept: ["lr"], averaged: [], runs: [] }, runs);
  return errorOf(results, { ...END, ...end });
}

Deno.test("sweep error: none if all runs completed, and an exit status of its own if a node did not contribute", () => {
  assert.equal(error(["completed", "completed"]), undefined);
  assert.equal(exitStatusOf(error(["completed", "incomplete"])), 3);
  assert.equal(exitStatusOf(error(["completed", "incomplete", "failed"])), 1);
});

Deno.test("sweep error: a failed or stopped run, the user's stop, a lost SuperLink, an unknown metric", () => {
  const code = (...given: Parameters<typeof error>) => {
    const found = error(...given);
    return [found?.code, found?.hints.some((hint) => hint.includes("--resume sweep-7"))];
  };
  assert.deepEqual(code(["completed", "failed"]), ["failed-precondition", true]);
  assert.deepEqual(code(["completed", "stopped"]), ["failed-precondition", true]);
  assert.deepEqual(code(["completed", undefined], { isStopped: true }), ["cancelled", true]);
  assert.deepEqual(code(["completed"], { isStopped: true }), [undefined, undefined]);
  const failure = new FlwrError("unavailable", "Gone", { hints: ["a", "b", "c"] });
  assert.deepEqual(code(["completed", undefined], { failure }), ["unavailable", true]);
  assert.equal(exitStatusOf(error(["completed"], { metric: "recall" })), 2);
});
