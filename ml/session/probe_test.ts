import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { GraphBuilder } from "../onnx/graph_builder.ts";
import { modelBytes } from "../onnx/model.ts";
import { type Device, DEVICES } from "../engine/device.ts";
import { openProbe, PROBE_MODEL, requireRuntime } from "./probe.ts";
import { LocalEngine } from "./local_engine.ts";
import type { Runtime } from "./runtime.ts";
import { WorkerEngine } from "./worker_engine.ts";

/** Messages of onnxruntime-node 1.30.0 on Linux without a GPU, or without the execution provider. */
const MISSING: Readonly<
  Record<Exclude<Device, "cpu">, readonly [message: string, reason: string][]>
> = {
  webgpu: [[
    "/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 " +
    "onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> " +
    "adapter_result.status == wgpu::RequestAdapterStatus::Success was false. " +
    "Failed to get a WebGPU adapter: No supported adapters\n",
    "Failed to get a WebGPU adapter: No supported adapters",
  ]],
  cuda: [
    [
      "OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library",
      "Failed to load shared library",
    ],
    [
      "no available backend found. ERR: [cuda] backend not found.",
      "[cuda] backend not found",
    ],
  ],
};

/** An ONNX Runtime whose sessions fail with a message, or open if there is none. */
function runtimeThatFails(message?: string) {
  const asked: unknown[] = [];
  let released = 0;
  const create = (_: Uint8Array, { executionProviders }: { executionProviders: unknown }) => {
    asked.push(executionProviders);
    if (message !== undefined) return Promise.reject(new Error(message));
    return Promise.resolve({ release: () => Promise.resolve(released++) });
  };
  const runtime = { InferenceSession: { create } } as unknown as Runtime;
  return { runtime, asked, released: () => released };
}

for (const device of ["webgpu", "cuda"] as const) {
  Deno.test(`device ${device}: the error says what is missing and what the device needs`, async () => {
    for (const [message, reason] of MISSING[device]) {
      const { runtime, asked } = runtimeThatFails(message);
      await assert.rejects(openProbe(runtime, device), (error) => {
        assert.ok(error instanceof FlwrError);
        assert.equal(error.code, "failed-precondition");
        assert.equal(
          error.message,
          `Device "${device}" cannot be used on this machine: ${reason}`,
        );
        assert.ok(error.hints.length > 0);
        return true;
      });
      assert.deepEqual(asked, [[device]], "no other device is used instead");
    }
  });

  Deno.test(`device ${device}: an engine computes on it, or fails and says what is missing`, async () => {
    const here = await LocalEngine.create(1, device).then(
      (engine) => engine[Symbol.asyncDispose]().then(() => undefined),
      (error) => error,
    );
    await using worker = new WorkerEngine(1, device);
    const there = await worker.write([]).then(() => undefined, (error) => error);
    assert.equal(here === undefined, there === undefined);
    if (here === undefined) return;
    assert.ok(here instanceof FlwrError && there instanceof FlwrError);
    assert.match(here.message, new RegExp(`^Device "${device}" cannot be used on this machine: `));
    assert.deepEqual([there.code, there.message, there.hints], [
      here.code,
      here.message,
      here.hints,
    ]);
  });
}

Deno.test("the probe of a usable device is released", async () => {
  const { runtime, released } = runtimeThatFails();
  await openProbe(runtime, "cuda");
  assert.equal(released(), 1);
});

Deno.test("the CPU can always be used", async () => {
  assert.equal(DEVICES[0], "cpu");
  await requireRuntime();
});

Deno.test("the probe is an ordinary model that does nothing", () => {
  const builder = new GraphBuilder();
  builder.alias("y", "x");
  const scalar = (name: string) => ({ name, dtype: "float32", shape: [] }) as const;
  assert.deepEqual(PROBE_MODEL, modelBytes(builder.build("g", [scalar("x")], [scalar("y")])));
});
