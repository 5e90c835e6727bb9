import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { FlwrError } from "../../base/error.ts";
import { type DType, DTYPES } from "../../tensor/dtype.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Device } from "../engine/device.ts";
import { MAX_THREADS } from "../engine/limits.ts";
import { openNativeLibrary } from "./native_library.ts";
import { disableTelemetry } from "./telemetry.ts";
import { isShared } from "../engine/protocol.ts";

/**
 * Time in microseconds for which idle threads of a session spin before they sleep. ONNX Runtime's default is much
 * longer and takes the core from other processes; without spinning, a step is 20 % slower.
 */
const SPIN_MICROSECONDS = 100;

/** The onnxruntime-node module. */
export type Runtime = typeof import("onnxruntime-node");
/** An open model. */
export type Session = InferenceSession;
/** A tensor of ONNX Runtime. */
export type RuntimeTensor = OrtTensor;

/**
 * Loads ONNX Runtime. Call it only before computing, because loading takes 40 ms.
 *
 * @throws FlwrError "failed-precondition" when the library for this platform cannot be loaded
 */
export async function loadRuntime(): Promise<Runtime> {
  disableTelemetry();
  await openNativeLibrary();
  try {
    const runtime = await import("onnxruntime-node");
    // ONNX Runtime throws its errors; what it also writes to stderr would not be in the log's format.
    runtime.env.logLevel = "fatal";
    return runtime;
  } catch (cause) {
    throw new FlwrError("failed-precondition", "ONNX Runtime cannot be loaded on this machine", {
      hints: ["It needs the folder node_modules/onnxruntime-node/bin of this platform"],
      cause,
    });
  }
}

/**
 * Options of a session, measured to be fastest: operators run one after the other, each on all threads. Operators that
 * a device does not have run on the CPU, which is ONNX Runtime's default.
 *
 * @param threads threads per operator on the CPU
 * @throws FlwrError "invalid-argument" when the number of threads is out of range
 */
export function sessionOptions(
  threads: number,
  device: Device = "cpu",
): InferenceSession.SessionOptions {
  if (!Number.isSafeInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new FlwrError(
      "invalid-argument",
      `Number of threads must be an integer from 1 to ${MAX_THREADS}: got ${threads}`,
    );
  }
  return {
    executionProviders: [device],
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    interOpNumThreads: 1,
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    extra: {
      session: {
        intra_op: { spin_duration_us: String(SPIN_MICROSECONDS) },
        // Weights and momenta that shrink to denormals would make each operation on them a hundred times slower. In the
        // thread that opens the first model of a process this also applies to JavaScript (`flush_denormals.ts`), so
        // models are opened in threads that compute nothing else.
        set_denormal_as_zero: "1",
      },
      // On the CPU, addition and layer normalisation fused into one operator take twice as long as the two operators.
      optimization: { disable_specified_optimizers: "SkipLayerNormFusion" },
    },
  };
}

/** Converts a tensor to ONNX Runtime's form without copying the data. */
export function toRuntime(runtime: Runtime, { dtype, shape, data }: Tensor): RuntimeTensor {
  // The constructor's overloads pair each type with its array; our Tensor type guarantees that already.
  const Any = runtime.Tensor as unknown as new (
    type: string,
    data: unknown,
    dims: readonly number[],
  ) => RuntimeTensor;
  return feedable(new Any(dtype, withoutSharing(data), shape));
}

/**
 * A tensor that can be fed to a session. Deno's Node-API (2.9.3) crashes the process on a Float16Array, in which a
 * float16 tensor has its elements. The result has their bits instead, which ONNX Runtime also accepts.
 */
export function feedable(value: RuntimeTensor): RuntimeTensor {
  if (value.data instanceof Float16Array) {
    const { buffer, byteOffset, length } = value.data;
    Object.defineProperty(value, "data", { value: new Uint16Array(buffer, byteOffset, length) });
  }
  return value;
}

/** Converts ONNX Runtime's tensor to our form without copying the data. */
export function fromRuntime(value: RuntimeTensor): Tensor {
  const dtype = DTYPES.find((known) => known === value.type);
  if (dtype === undefined) {
    throw new FlwrError("unimplemented", `Tensors of type "${value.type}" are not supported`);
  }
  const { data } = value;
  const isBits = dtype === "float16" && data instanceof Uint16Array;
  const elements = isBits ? new Float16Array(data.buffer, data.byteOffset, data.length) : data;
  return tensor(dtype as DType, value.dims, elements as Tensor<DType>["data"]);
}

type Data = Tensor["data"];

/** The shared memory behind each alias, which must live as long as the alias. */
const shown = new WeakMap<ArrayBuffer, SharedArrayBuffer>();

/**
 * The same elements at the same address, as an array that is not marked as shared. Node-API, through which ONNX Runtime
 * receives its tensors, refuses arrays over shared memory ("Invalid argument"). An array that is not shared is returned
 * unchanged. Needs the permission for FFI, as ONNX Runtime does.
 */
function withoutSharing(data: Data): Data {
  if (!isShared(data) || data.length === 0) return data;
  // The declared type is narrower than what the function accepts: shared memory works too.
  const place = Deno.UnsafePointer.of(data as unknown as BufferSource)!;
  const alias = Deno.UnsafePointerView.getArrayBuffer(place, data.byteLength);
  shown.set(alias, data.buffer);
  const SameType = data.constructor as new (buffer: ArrayBuffer) => Data;
  return new SameType(alias);
}
