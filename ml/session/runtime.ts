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
 * Microseconds that idle threads of a session wait busily for the next operator before they sleep. ONNX Runtime's
 * own default spins far longer and takes the core from whatever else runs there; without spinning a step is 20 % slower.
 */
const SPIN_MICROSECONDS = 100;

/** The parts of onnxruntime-node that we use. */
export type Runtime = typeof import("onnxruntime-node");
/** An open model. */
export type Session = InferenceSession;
/** A tensor in ONNX Runtime's hands. */
export type RuntimeTensor = OrtTensor;

/**
 * Loads ONNX Runtime: only when something is to be computed, because that takes 40 ms.
 *
 * @throws FlwrError "failed-precondition" when the library for this platform cannot be loaded
 */
export async function loadRuntime(): Promise<Runtime> {
  disableTelemetry();
  await openNativeLibrary();
  try {
    const runtime = await import("onnxruntime-node");
    // Errors are thrown; what it writes to stderr besides is no line of a log.
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
 * How a session runs, as measured to be fastest: operators one after the other, each on all threads. What a device has no
 * operator for runs on the CPU, as ONNX Runtime has it.
 *
 * @param threads threads per operator on the CPU
 * @throws FlwrError "invalid-argument" when it is no sensible number
 */
export function sessionOptions(
  threads: number,
  device: Device = "cpu",
): InferenceSession.SessionOptions {
  if (!Number.isSafeInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new FlwrError(
      "invalid-argument",
      `The number of threads is an integer from 1 to ${MAX_THREADS}: got ${threads}`,
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
        // Weights and momenta that fade into denormals would make every operation on them a hundred times slower. The
        // thread that opens a process's first model takes them for zeros from then on, in JavaScript, too
        // (`flush_denormals.ts`): models are opened in threads that have no numbers of their own.
        set_denormal_as_zero: "1",
      },
      // On the CPU, addition and layer normalisation in one operator take twice as long as the two.
      optimization: { disable_specified_optimizers: "SkipLayerNormFusion" },
    },
  };
}

/** Our tensor in ONNX Runtime's form; the data is not copied. */
export function toRuntime(runtime: Runtime, { dtype, shape, data }: Tensor): RuntimeTensor {
  // The constructor's overloads pair each type with its array; our Tensor type does that already.
  const Any = runtime.Tensor as unknown as new (
    type: string,
    data: unknown,
    dims: readonly number[],
  ) => RuntimeTensor;
  return feedable(new Any(dtype, withoutSharing(data), shape));
}

/**
 * A tensor that a session takes. Deno's Node-API (2.9.3) ends the whole process when it meets a Float16Array, as which a
 * float16 tensor shows its elements: from here on it shows their bits, which ONNX Runtime takes just as well.
 */
export function feedable(value: RuntimeTensor): RuntimeTensor {
  if (value.data instanceof Float16Array) {
    const { buffer, byteOffset, length } = value.data;
    Object.defineProperty(value, "data", { value: new Uint16Array(buffer, byteOffset, length) });
  }
  return value;
}

/** ONNX Runtime's tensor in our form; the data is not copied. */
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

/** The shared memory that an alias shows: it must live as long as the alias. */
const shown = new WeakMap<ArrayBuffer, SharedArrayBuffer>();

/**
 * The same elements in the same place, as an array that is not marked as shared: Node-API, through which ONNX Runtime
 * takes its tensors, refuses arrays over shared memory ("Invalid argument"). An array that is not shared comes back as
 * it is. Needs the permission for FFI, as ONNX Runtime does.
 */
function withoutSharing(data: Data): Data {
  if (!isShared(data) || data.length === 0) return data;
  // Its type does not say so, but it takes shared memory too.
  const place = Deno.UnsafePointer.of(data as unknown as BufferSource)!;
  const alias = Deno.UnsafePointerView.getArrayBuffer(place, data.byteLength);
  shown.set(alias, data.buffer);
  const SameType = data.constructor as new (buffer: ArrayBuffer) => Data;
  return new SameType(alias);
}
