import assert from "node:assert/strict";
import { PaceWatch } from "./pace_watch.ts";

Deno.test("pace watch: slow bodies are reported once, others never", async () => {
  using watch = new PaceWatch({ graceSeconds: 0.02, minBytesPerSecond: 1 });
  const told: string[] = [];
  const bodies = ["stuck", "moving", "ended", "last"].map((name) => {
    const end = Promise.withResolvers<void>();
    const tooSlow = () => {
      told.push(name);
      end.resolve();
    };
    return { body: { since: performance.now(), moved: 0, tooSlow }, end: end.promise };
  });
  const [stuck, moving, ended, last] = bodies;
  for (const { body } of [stuck!, moving!, ended!]) watch.add(body);
  moving!.body.moved = 1000;
  watch.delete(ended!.body);
  await stuck!.end;
  watch.add(last!.body);
  await last!.end;
  assert.deepEqual(told, ["stuck", "last"]);
});
