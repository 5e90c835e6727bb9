import assert from "node:assert/strict";
import { LocalSignals, type SignalListener } from "./signals.ts";

function listener(heard: string[], name: string): SignalListener {
  return {
    woken: (topics) => heard.push(`${name}: ${topics.join(" ")}`),
    lost: () => heard.push(`${name}: lost`),
  };
}

Deno.test("topics reach the other lines, and none that was disposed of", () => {
  const signals = new LocalSignals();
  const heard: string[] = [];
  const a = signals.connect(listener(heard, "a"));
  const b = signals.connect(listener(heard, "b"));
  using _c = signals.connect(listener(heard, "c"));
  a.publish(["work:7", "runs"]);
  assert.deepEqual(heard.splice(0), ["b: work:7 runs", "c: work:7 runs"]);
  b[Symbol.dispose]();
  a.publish(["log:1"]);
  assert.deepEqual(heard.splice(0), ["c: log:1"]);
  a[Symbol.dispose]();
});
