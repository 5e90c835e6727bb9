import { FlwrError } from "../../base/error.ts";
import { type Fields, fieldsOf, integerOf, listOf, pairOf, textOf } from "../../base/untrusted.ts";
import { arrayConstructor, type DType, DTYPES, itemSize } from "../../tensor/dtype.ts";
import { MAX_THREADS } from "./limits.ts";
import type { EngineCall, EngineRequest, PackedNamedTensor, PackedTensor } from "./protocol.ts";

/** Most dimensions of a tensor from an untrusted thread; numpy's arrays have at most 64. */
const MAX_RANK = 64;

/** Longest name of a model or tensor from an untrusted thread, in characters. */
const MAX_NAME_LENGTH = 1024;

/** Most names in one call: enough for the parameters of a large network with all state of its optimiser. */
const MAX_NAMES = 65_536;

/** Most bytes of one model: tables and constants, because parameters are inputs. */
const MAX_LOADED_MODEL_BYTES = 512 * 1024 ** 2;

/** Types of elements that ONNX Runtime uses as memory offsets. */
const INDEX_TYPES: ReadonlySet<DType> = new Set<DType>(["int32", "int64"]);

/**
 * Checks a request from an untrusted thread and returns it typed. Names are not looked up. Integers in shared memory
 * are copied, because ONNX Runtime checks them first and uses them as indices later: the other thread could change them
 * in between. All other data stays where it is.
 *
 * @throws FlwrError "invalid-argument" that names the fault
 */
export function checkRequest(value: unknown): EngineRequest {
  const { id, call } = fieldsOf(value, "Request");
  return {
    id: integerOf(id, "Request id", 0, Number.MAX_SAFE_INTEGER),
    call: checkCall(fieldsOf(call, "Call")),
  };
}

function checkCall(call: Fields): EngineCall {
  const { method } = call;
  switch (method) {
    case "use-threads":
      return { method, threads: integerOf(call["threads"], "Threads", 1, MAX_THREADS) };
    case "load":
      return { method, key: name(call["key"]), model: modelOf(call["model"]) };
    case "unload":
      return { method, key: name(call["key"]) };
    case "write":
      return { method, tensors: tensors(call["tensors"]) };
    case "forget":
    case "read":
      return { method, names: names(call["names"]) };
    case "run": {
      const run = fieldsOf(call["run"], "Run");
      return {
        method,
        run: {
          model: name(run["model"]),
          stored: namePairs(run["stored"]),
          given: tensors(run["given"]),
          kept: namePairs(run["kept"]),
          returned: names(run["returned"]),
        },
      };
    }
    case "close":
      return { method };
    default:
      throw new FlwrError("invalid-argument", "Call has no known method");
  }
}

function name(value: unknown): string {
  const text = textOf(value, "Name", MAX_NAME_LENGTH);
  // ONNX Runtime receives its tensors as properties of an object.
  if (text === "__proto__") throw new FlwrError("invalid-argument", 'No name may be "__proto__"');
  return text;
}

function names(value: unknown): string[] {
  return listOf(value, "Names", MAX_NAMES).map(name);
}

function namePairs(value: unknown): (readonly [string, string])[] {
  return listOf(value, "Pairs of names", MAX_NAMES).map((pair) => {
    const [first, second] = pairOf(pair, "Pair of names");
    return [name(first), name(second)] as const;
  });
}

function modelOf(value: unknown): ArrayBuffer {
  if (
    value instanceof ArrayBuffer && !value.resizable && value.byteLength <= MAX_LOADED_MODEL_BYTES
  ) {
    return value;
  }
  throw new FlwrError(
    "invalid-argument",
    `Model is not a buffer of at most ${MAX_LOADED_MODEL_BYTES} bytes`,
  );
}

function tensors(value: unknown): PackedNamedTensor[] {
  return listOf(value, "Tensors", MAX_NAMES).map((entry) => {
    const [key, packed] = pairOf(entry, "Named tensor");
    return [name(key), packedTensor(fieldsOf(packed, "Tensor"))] as const;
  });
}

function packedTensor(fields: Fields): PackedTensor {
  const dtype = DTYPES.find((known) => known === fields["dtype"]);
  if (dtype === undefined) throw new FlwrError("invalid-argument", "Tensor has no known dtype");
  const shape = listOf(fields["shape"], "Shape", MAX_RANK).map((length) =>
    integerOf(length, "Length of an axis", 0, Number.MAX_SAFE_INTEGER)
  );
  const offset = integerOf(fields["offset"], "Offset", 0, Number.MAX_SAFE_INTEGER);
  const { buffer } = fields;
  const size = shape.reduce((product, length) => product * length, itemSize(dtype));
  if (!isFixed(buffer) || !(offset + size <= buffer.byteLength) || offset % itemSize(dtype) !== 0) {
    throw new FlwrError(
      "invalid-argument",
      `Tensor of shape [${shape.slice(0, 8)}] does not fit in its buffer`,
    );
  }
  if (buffer instanceof ArrayBuffer || !INDEX_TYPES.has(dtype)) {
    return { dtype, shape, buffer, offset };
  }
  const elements = new (arrayConstructor(dtype))(buffer, offset, size / itemSize(dtype)).slice();
  return { dtype, shape, buffer: elements.buffer, offset: 0 };
}

/** Whether a value is a buffer of fixed length. */
function isFixed(value: unknown): value is ArrayBufferLike {
  return value instanceof ArrayBuffer && !value.resizable ||
    value instanceof SharedArrayBuffer && !value.growable;
}
