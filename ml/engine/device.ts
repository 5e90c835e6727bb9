/** What can compute: the processor, any graphics processor through WebGPU, one of NVIDIA's through CUDA. */
export const DEVICES = ["cpu", "webgpu", "cuda"] as const;

/** One of {@link DEVICES}. */
export type Device = typeof DEVICES[number];
