import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { arrayConstructor, type DType } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor, tensorBytes } from "../../tensor/tensor.ts";
import type { Device } from "./device.ts";
import type { Run } from "./engine.ts";

/**
 * A tensor in the form in which it is sent to another thread. Deno's node:worker_threads visits each element of a typed
 * array in a message (2 s for 15 MB), but transfers plain buffers at once.
 */
export interface PackedTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly buffer: ArrayBufferLike;
  /** Offset of the first element in the buffer, in bytes. */
  readonly offset: number;
}

/** A packed tensor with its name. */
export type PackedNamedTensor = readonly [name: string, tensor: PackedTensor];

/** The data with which the worker starts. */
export interface WorkerData {
  readonly threads: number;
  readonly device: Device;
}

/** A run whose given inputs are packed. */
export interface PackedRun extends Omit<Run, "given"> {
  readonly given: readonly PackedNamedTensor[];
}

/** A call to the engine: one kind per method. */
export type EngineCall =
  | { readonly method: "use-threads"; readonly threads: number }
  | { readonly method: "load"; readonly key: string; readonly model: ArrayBuffer }
  | { readonly method: "unload"; readonly key: string }
  | { readonly method: "write"; readonly tensors: readonly PackedNamedTensor[] }
  | { readonly method: "forget"; readonly names: readonly string[] }
  | { readonly method: "read"; readonly names: readonly string[] }
  | { readonly method: "run"; readonly run: PackedRun }
  | { readonly method: "close" };

/** A call with the id that its answer repeats. */
export interface EngineRequest {
  readonly id: number;
  readonly call: EngineCall;
}

/** An error in the form in which it is sent to another thread. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}

/** The result of a call. Fields that a method has no value for are left out. */
export interface CallOutcome {
  readonly tensors?: readonly PackedTensor[];
  readonly seconds?: number;
}

/** The answer to a call: its outcome or its error. */
export type EngineReply =
  | { readonly id: number; readonly outcome: CallOutcome }
  | { readonly id: number; readonly error: ErrorReport };

/** A message from a trainer at the end of a port: an answer, or the reason for which it accepts no calls at all. */
export type TrainerMessage = EngineReply | { readonly refused: ErrorReport };

/** Converts an error to the form in which it is sent to another thread. */
export function toErrorReport(error: unknown): ErrorReport {
  const { code, message, hints } = FlwrError.from(error);
  return { code, message, hints };
}

/** Restores an error that was sent from another thread. */
export function fromErrorReport({ code, message, hints }: ErrorReport): FlwrError {
  return new FlwrError(code, message, { hints });
}

/** Whether an array is in memory that threads can share. */
export function isShared(
  data: Tensor["data"],
): data is Tensor["data"] & { readonly buffer: SharedArrayBuffer } {
  return data.buffer instanceof SharedArrayBuffer;
}

/** Prepares a tensor for sending: shared memory is passed as it is, everything else is copied. */
export function packTensor(value: Tensor): PackedTensor {
  const { dtype, shape, data } = value;
  return isShared(data)
    ? { dtype, shape, buffer: data.buffer, offset: data.byteOffset }
    : { dtype, shape, buffer: tensorBytes(value).slice().buffer, offset: 0 };
}

/** The buffers of packed tensors that are transferred with a message; shared memory stays with both threads. */
export function transferredBuffers(tensors: readonly PackedTensor[]): ArrayBuffer[] {
  return tensors.flatMap(({ buffer }) => buffer instanceof ArrayBuffer ? [buffer] : []);
}

/** A tensor over a buffer that was received. */
export function unpackTensor({ dtype, shape, buffer, offset }: PackedTensor): Tensor {
  return tensor(dtype, shape, new (arrayConstructor(dtype))(buffer, offset, elementCount(shape)));
}
