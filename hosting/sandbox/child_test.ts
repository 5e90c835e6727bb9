import assert from "node:assert/strict";
import { eventually, within } from "../../tests/support/deadline.ts";
import { SandboxChild, type SandboxChildOptions } from "./child.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";

/** Seconds after which what should have come has not. */
const PATIENCE = 30;

/** A process that says some values, then waits for its end. */
function saying(
  values: readonly unknown[],
  options: Pick<SandboxChildOptions, "hear"> & Partial<SandboxChildOptions>,
): SandboxChild {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const code = `import { writeSync } from "node:fs";
    import { encodeFrame } from ${at("./wire/frame.ts")};
    for (const value of ${JSON.stringify(values)}) {
      for (const piece of encodeFrame(value)) writeSync(3, piece);
    }
    await new Promise((resolve) => setTimeout(resolve, 60_000));`;
  return new SandboxChild({
    launch: { file: Deno.execPath(), args: ["eval", "--no-check", code], env: Deno.env.toObject() },
    folder: Deno.cwd(),
    start: {
      kind: "start",
      app: "ClientApp",
      worker: "file:///worker.ts",
      readable: [],
      memoryBytes: 1,
      devices: [],
    },
    output: (stream) => stream.resume(),
    crashed: () => {},
    ...options,
  });
}

testWithAllRights(
  "nothing more of a process is read until what it said is dealt with",
  async () => {
    const heard: unknown[] = [];
    const dealt = Promise.withResolvers<void>();
    const child = saying([1, 2, 3], {
      hear: async (said) => {
        heard.push(said);
        await dealt.promise;
      },
    });
    await eventually(() => heard.length > 0, PATIENCE, "the first word");
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(heard, [1]);
    dealt.resolve();
    await eventually(() => heard.length === 3, PATIENCE, "the others");
    child.end();
    await within(child.exited, PATIENCE, "its end");
  },
);

testWithAllRights(
  "a process that cannot be started is told as such, without the path of its program",
  async () => {
    const file = "/nowhere/deno";
    const reasons: string[] = [];
    const child = saying([], {
      launch: { file, args: [], env: {} },
      hear: () => {},
      crashed: (reason) => void reasons.push(reason),
    });
    await within(child.exited, PATIENCE, "its end");
    assert.equal(reasons.length, 1);
    assert.match(reasons[0]!, /^it cannot be started: /);
    assert.doesNotMatch(reasons[0]!, /nowhere/);
    await within(child.say({}), PATIENCE, "what is said to nobody");
  },
);

testWithAllRights("what is thrown over a word ends the process, also later", async () => {
  const crashed = Promise.withResolvers<string>();
  const child = saying([1], {
    hear: async () => {
      await Promise.resolve();
      throw new Error("no such word");
    },
    crashed: crashed.resolve,
  });
  assert.match(await within(crashed.promise, PATIENCE, "the end"), /no such word/);
  await within(child.exited, PATIENCE, "its end");
});
