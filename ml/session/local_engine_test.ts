import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { add, cast } from "../graph/elementwise.ts";
import { input, type Node } from "../graph/value.ts";
import { lowerGraph, lowerProgram } from "../lower/program.ts";
import { requireSelfContained } from "../onnx/self_contained.ts";
import type { Engine, Run } from "../engine/engine.ts";
import { LocalEngine } from "./local_engine.ts";
import { PortEngine } from "../engine/port_engine.ts";
import { serveEngine } from "../engine/serve_engine.ts";
import { WorkerEngine } from "./worker_engine.ts";
import { HAS_ALL_RIGHTS } from "../../base/testing/all_rights.ts";

const source = (name: string) => input(name, "float32", [2]) as Node<"input">;

/** total ← total + each step's number; yields the total before the step. */
function accumulator(): Uint8Array {
  const [total, number] = [source("total"), source("number")];
  return lowerProgram({
    state: [{ input: total, next: add(total, number) }],
    scanned: [number],
    captured: [],
    stacked: [{ name: "before", value: add(total, 0) }],
  }, []);
}

const floats = (shape: readonly number[], ...numbers: number[]) =>
  tensor("float32", shape, Float32Array.from(numbers));

function steps(...numbers: number[]): Run {
  return {
    model: "sum",
    stored: [["total.start", "total"]],
    given: [["number.steps", floats([numbers.length / 2, 2], ...numbers)]],
    kept: [["total'", "total"]],
    returned: ["before"],
  };
}

const ENGINES: Readonly<Record<string, () => Promise<Engine>>> = {
  "calling thread": () => LocalEngine.create(1),
  "worker thread": () => Promise.resolve(new WorkerEngine(1)),
  "end of a port": () => {
    const { port1, port2 } = new MessageChannel();
    const guard = { admit: requireSelfContained, threads: () => 1, memoryBytes: 1024 };
    serveEngine(port2, LocalEngine.create(1), guard, () => {});
    return Promise.resolve(new PortEngine(port1));
  },
};

for (const [name, create] of Object.entries(ENGINES)) {
  Deno.test(`${name}: float16 can be fed, stored and returned`, async () => {
    const [x, half] = ["x", "half"].map((name) => input(name, "float16", [3]) as Node<"input">);
    const model = lowerGraph([x!, half!], [
      { name: "wide", value: cast(x!, "float32") },
      { name: "same", value: half! },
    ], []);
    const numbers = tensor("float16", [3], Float16Array.of(1, 2.5, -Infinity));
    await using engine = await create();
    await engine.load("halves", model);
    await engine.write([["half", numbers]]);
    for (let turn = 0; turn < 2; turn++) {
      const { returned: [wide, same] } = await engine.run({
        model: "halves",
        stored: [["half", "half"]],
        given: [["x", numbers]],
        kept: [["same", "half"]],
        returned: ["wide", "same"],
      });
      assert.deepEqual(wide, tensor("float32", [3], Float32Array.from(numbers.data)));
      assert.deepEqual(same, numbers);
    }
    assert.deepEqual(await engine.read(["half"]), [numbers]);
  });

  Deno.test(`${name}: state is kept from run to run, in the order of the calls`, async () => {
    await using engine = await create();
    await engine.load("sum", accumulator());
    await engine.write([["total", floats([2], 1, 2)]]);
    // The second run must see the result of the first, although nothing waits for the first.
    const [first, second] = await Promise.all([
      engine.run(steps(10, 20, 100, 200)),
      engine.run(steps(1000, 2000)),
    ]);
    assert.deepEqual(first.returned, [floats([2, 2], 1, 2, 11, 22)]);
    assert.deepEqual(second.returned, [floats([1, 2], 111, 222)]);
    assert.ok(first.seconds > 0);
    assert.deepEqual(await engine.read(["total"]), [floats([2], 1111, 2222)]);
  });

  Deno.test(`${name}: a missing model or tensor is named, and the engine stays usable`, async () => {
    await using engine = await create();
    await engine.load("sum", accumulator());
    await assert.rejects(engine.run(steps(1, 2)), /No tensor is stored as "total"/);
    await engine.write([["total", floats([2], 0, 0)]]);
    await engine.unload("sum");
    await assert.rejects(engine.run(steps(1, 2)), (error) => {
      assert.ok(error instanceof FlwrError && error.code === "internal");
      assert.match(error.message, /No model is open as "sum"/);
      return true;
    });
    await engine.forget(["total"]);
    await assert.rejects(engine.read(["total"]), /"total"/);
  });
}

Deno.test("given tensors are not transferred away from the caller", async () => {
  await using engine = new WorkerEngine(1);
  const value = floats([2], 3, 4);
  await engine.write([["x", value]]);
  assert.deepEqual(value.data, Float32Array.of(3, 4));
  assert.deepEqual(await engine.read(["x"]), [value]);
});

for (const [name, create] of Object.entries(ENGINES)) {
  Deno.test(`${name}: shared memory is not copied`, async () => {
    const shared = new Float32Array(new SharedArrayBuffer(16), 8, 2);
    shared.set([1, 2]);
    {
      await using engine = await create();
      await engine.load("sum", accumulator());
      // Stored under two names, as two data sets may share an array.
      await engine.write([["total", tensor("float32", [2], shared)]]);
      await engine.write([["other", tensor("float32", [2], shared)]]);
      shared.set([3, 4]);
      const { returned } = await engine.run(steps(10, 20));
      assert.deepEqual(returned, [floats([1, 2], 3, 4)]);
      assert.deepEqual(await engine.read(["total", "other"]), [
        floats([2], 13, 24),
        floats([2], 3, 4),
      ]);
    }
    assert.deepEqual([...shared], [3, 4], "outlives the engine");
  });
}

Deno.test("a closed worker refuses calls", async () => {
  const engine = new WorkerEngine(1);
  await engine[Symbol.asyncDispose]();
  await assert.rejects(engine.read([]), /training thread is closed/);
});

Deno.test("an absurd number of threads is refused", async () => {
  await using engine = await LocalEngine.create(0);
  await assert.rejects(engine.load("sum", accumulator()), /threads must be an integer from 1/);
});

Deno.test({
  name:
    "worker thread: denormals are zeros in workers, and unchanged in the thread that starts them",
  ignore: Deno.build.os !== "linux" || !HAS_ALL_RIGHTS,
  fn: async () => {
    const script = `
      import { tensor } from "./tensor/tensor.ts";
      import { mul } from "./ml/graph/elementwise.ts";
      import { input } from "./ml/graph/value.ts";
      import { lowerGraph } from "./ml/lower/program.ts";
      import { WorkerEngine } from "./ml/session/worker_engine.ts";
      const x = input("x", "float32", [1]);
      const model = lowerGraph([x], [{ name: "y", value: mul(x, 0.5) }], []);
      const smallest = () => new Float32Array(Int32Array.of(1000).buffer);
      for (let i = 0; i < 3; i++) {
        await using engine = new WorkerEngine(1);
        await engine.load("half", model);
        const { returned } = await engine.run({
          model: "half", stored: [], given: [["x", tensor("float32", [1], smallest())]], kept: [], returned: ["y"],
        });
        console.log(new Int32Array(returned[0].data.slice().buffer)[0]);
      }
      console.log(smallest()[0] > 0);
    `;
    // In a new process, because other tests have already opened models in this one.
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", script],
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assert.deepEqual(lines, ["0", "0", "0", "true"], new TextDecoder().decode(stderr));
  },
});
