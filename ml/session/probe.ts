import { FlwrError } from "../../base/error.ts";
import type { Device } from "../engine/device.ts";
import { loadRuntime, type Runtime, sessionOptions } from "./runtime.ts";

/** What a machine needs for each device, in addition to ONNX Runtime. */
const NEEDS: Readonly<Record<Device, readonly string[]>> = {
  cpu: [],
  webgpu: [
    "WebGPU needs a graphics processor and its driver: Vulkan (libvulkan.so.1) on Linux, Direct3D 12 on Windows, Metal " +
    "on macOS",
  ],
  cuda: [
    "CUDA needs Linux on x64, an NVIDIA driver, CUDA 12 and cuDNN 9",
    "libonnxruntime_providers_shared.so and libonnxruntime_providers_cuda.so must be next to libonnxruntime.so.1 in " +
    "onnxruntime-node's folder: its script/install.js fetches them with --onnxruntime-node-install=cuda12",
  ],
};

/**
 * An ONNX model that does nothing (IR version 8, opset 18, one Identity of a float32 scalar) and opens on any device.
 */
export const PROBE_MODEL: Uint8Array<ArrayBuffer> = Uint8Array.fromBase64(
  "CAgSBGZsd3I6LwoQCgF4EgF5IghJZGVudGl0eRIBZ1oLCgF4EgYKBAgBEgBiCwoBeRIGCgQIARIAQgIQEg==",
);

/**
 * Loads ONNX Runtime and opens a first model on the CPU.
 *
 * @throws FlwrError "failed-precondition" when ONNX Runtime cannot be used
 */
export async function requireRuntime(): Promise<void> {
  await openProbe(await loadRuntime(), "cpu");
}

/**
 * Opens a model that does nothing on a device, because ONNX Runtime reports missing drivers and libraries only then.
 * The first model of a process also takes 20 ms longer to open than others; opened here, it delays no training.
 *
 * @throws FlwrError "failed-precondition" that names the device and what it needs
 */
export async function openProbe(runtime: Runtime, device: Device): Promise<void> {
  try {
    const session = await runtime.InferenceSession.create(PROBE_MODEL, sessionOptions(1, device));
    await session.release();
  } catch (cause) {
    throw new FlwrError(
      "failed-precondition",
      `Device "${device}" cannot be used on this machine: ${reasonOf(cause)}`,
      { hints: NEEDS[device], cause },
    );
  }
}

/** The last sentence of ONNX Runtime's message; what comes before are source locations. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split(/ was false\. |\w+_Cuda: |ERR: /).at(-1)!.replace(/\.$/, "");
}
