import assert from "node:assert/strict";
import { eventually, within } from "../../tests/support/deadline.ts";
import { SandboxChild, type SandboxChildOptions } from "./child.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";

/** Seconds after which a wait counts as failed. */
const PATIENCE = 30;

/** A process that sends some values, then waits to be ended. */
function saying(
  values: readonly unknown[],
  options: Pick<SandboxChildOptions, "onValue"> & Partial<SandboxChildOptions>,
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
    onCrash: () => {},
    ...options,
  });
}

testWithAllRights(
  "the next value of a process is read only after the last one was handled",
  async () => {
    const received: unknown[] = [];
    const dealt = Promise.withResolvers<void>();
    const child = saying([1, 2, 3], {
      onValue: async (value) => {
        received.push(value);
        await dealt.promise;
      },
    });
    await eventually(() => received.length > 0, PATIENCE, "the first word");
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(received, [1]);
    dealt.resolve();
    await eventually(() => received.length === 3, PATIENCE, "the others");
    child.end();
    await within(child.exited, PATIENCE, "its end");
  },
);

testWithAllRights(
  "a process that cannot be started is reported, without the path of its program",
  async () => {
    const file = "/nowhere/deno";
    const reasons: string[] = [];
    const child = saying([], {
      launch: { file, args: [], env: {} },
      onValue: () => {},
      onCrash: (reason) => void reasons.push(reason),
    });
    await within(child.exited, PATIENCE, "its end");
    assert.equal(reasons.length, 1);
    assert.match(reasons[0]!, /^it cannot be started: /);
    assert.doesNotMatch(reasons[0]!, /nowhere/);
    await within(child.send({}), PATIENCE, "a value for an ended process");
  },
);

testWithAllRights("an error of the handler ends the process, also a later one", async () => {
  const crashed = Promise.withResolvers<string>();
  const child = saying([1], {
    onValue: async () => {
      await Promise.resolve();
      throw new Error("no such word");
    },
    onCrash: crashed.resolve,
  });
  assert.match(await within(crashed.promise, PATIENCE, "the end"), /no such word/);
  await within(child.exited, PATIENCE, "its end");
});
