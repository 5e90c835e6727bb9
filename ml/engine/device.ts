/** Devices that can compute: the CPU, any GPU through WebGPU, an NVIDIA GPU through CUDA. */
export const DEVICES = ["cpu", "webgpu", "cuda"] as const;

/** One of {@link DEVICES}. */
export type Device = typeof DEVICES[number];
