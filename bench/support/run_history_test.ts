import assert from "node:assert/strict";
import { parseFlwrHistory, parsePythonHistory } from "./run_history.ts";

Deno.test("parseFlwrHistory: rounds, seconds and accuracies of --json", () => {
  const round = (accuracy: number) => ({
    round: 1,
    train: { metrics: { train_loss: 2, val_accuracy: accuracy } },
    seconds: 2,
  });
  const json = { success: true, histories: [{ seconds: 4.5, rounds: [round(0.28), round(0.39)] }] };
  assert.deepEqual(parseFlwrHistory(JSON.stringify(json)), {
    rounds: 2,
    seconds: 4.5,
    accuracies: [0.28, 0.39],
  });
});

Deno.test("parseFlwrHistory: a run without metrics has no accuracies, one without history is refused", () => {
  const json = { histories: [{ seconds: 1, rounds: [{ round: 1, train: {} }] }] };
  assert.deepEqual(parseFlwrHistory(JSON.stringify(json)).accuracies, []);
  assert.throws(() => parseFlwrHistory('{"histories": []}'), TypeError);
});

Deno.test("parsePythonHistory: the summary of Flower 1.9 and the app's own lines", () => {
  const lines = [
    "INFO :      [ROUND 1]",
    "INFO :      configure_fit: strategy sampled 2 clients (out of 2)",
    'metrics {"train_loss": 2500.1, "val_accuracy": 0.278}',
    'metrics {"train_loss": 2200.1, "val_accuracy": 0.398}',
    "INFO :      [SUMMARY]",
    "INFO :      Run finished 2 round(s) in 61.25s",
  ];
  assert.deepEqual(parsePythonHistory(lines), {
    rounds: 2,
    seconds: 61.25,
    accuracies: [0.278, 0.398],
  });
  assert.throws(() => parsePythonHistory(lines.slice(0, 4)), /no summary/);
});
