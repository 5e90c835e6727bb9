import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { arrayConstructor, type DType } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor, tensorBytes } from "../../tensor/tensor.ts";
import type { Device } from "./device.ts";
import type { Run } from "./engine.ts";

/**
 * A tensor as it crosses the worker's boundary. Deno's node:worker_threads walks over every element of a typed array in
 * a message (2 s for 15 MB), but hands over plain buffers at once.
 */
export interface PackedTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly buffer: ArrayBufferLike;
  /** Byte at which it begins in the buffer. */
  readonly offset: number;
}

/** A tensor with its name, packed. */
export type PackedNamedTensor = readonly [name: string, tensor: PackedTensor];

/** What the worker is started with. */
export interface WorkerData {
  readonly threads: number;
  readonly device: Device;
}

/** A run with its given inputs packed. */
export interface PackedRun extends Omit<Run, "given"> {
  readonly given: readonly PackedNamedTensor[];
}

/** What the worker is asked for: one method of the engine each. */
export type EngineCall =
  | { readonly method: "use-threads"; readonly threads: number }
  | { readonly method: "load"; readonly key: string; readonly model: ArrayBuffer }
  | { readonly method: "unload"; readonly key: string }
  | { readonly method: "write"; readonly tensors: readonly PackedNamedTensor[] }
  | { readonly method: "forget"; readonly names: readonly string[] }
  | { readonly method: "read"; readonly names: readonly string[] }
  | { readonly method: "run"; readonly run: PackedRun }
  | { readonly method: "close" };

/** A call with the number that its answer carries. */
export interface Request {
  readonly id: number;
  readonly call: EngineCall;
}

/** An error as it crosses the worker's boundary. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}

/** What a call came to; each method leaves out what it has nothing of. */
export interface Outcome {
  readonly tensors?: readonly PackedTensor[];
  readonly seconds?: number;
}

/** The worker's answer to a call. */
export type Reply =
  | { readonly id: number; readonly outcome: Outcome }
  | { readonly id: number; readonly error: ErrorReport };

/** What a trainer at the end of a port says: an answer, or that it takes no calls at all, and why. */
export type FromTrainer = Reply | { readonly refused: ErrorReport };

/** An error made ready for the boundary. */
export function reportError(error: unknown): ErrorReport {
  const { code, message, hints } = FlwrError.from(error);
  return { code, message, hints };
}

/** An error that crossed the boundary. */
export function restoreError({ code, message, hints }: ErrorReport): FlwrError {
  return new FlwrError(code, message, { hints });
}

/** Whether an array lies in memory that threads can share. */
export function isShared(
  data: Tensor["data"],
): data is Tensor["data"] & { readonly buffer: SharedArrayBuffer } {
  return data.buffer instanceof SharedArrayBuffer;
}

/** Makes a tensor ready for the boundary: shared memory goes as it is, everything else is copied. */
export function pack(value: Tensor): PackedTensor {
  const { dtype, shape, data } = value;
  return isShared(data)
    ? { dtype, shape, buffer: data.buffer, offset: data.byteOffset }
    : { dtype, shape, buffer: tensorBytes(value).slice().buffer, offset: 0 };
}

/** The buffers of packed tensors that are handed over with them; shared memory stays with both sides. */
export function handedOver(tensors: readonly PackedTensor[]): ArrayBuffer[] {
  return tensors.flatMap(({ buffer }) => buffer instanceof ArrayBuffer ? [buffer] : []);
}

/** A tensor over a buffer that crossed the boundary. */
export function unpack({ dtype, shape, buffer, offset }: PackedTensor): Tensor {
  return tensor(dtype, shape, new (arrayConstructor(dtype))(buffer, offset, elementCount(shape)));
}
