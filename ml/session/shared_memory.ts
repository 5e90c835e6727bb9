import type { Tensor } from "../../tensor/tensor.ts";
import { isShared } from "../engine/protocol.ts";

type Data = Tensor["data"];

/** The shared memory behind each alias, which must live as long as the alias. */
const shown = new WeakMap<ArrayBuffer, SharedArrayBuffer>();

/**
 * The same elements at the same address, as an array that is not marked as shared. Node-API, through which ONNX Runtime
 * receives its tensors, refuses arrays over shared memory ("Invalid argument"). An array that is not shared is returned
 * unchanged. Needs the permission for FFI, as ONNX Runtime does.
 */
export function withoutSharing(data: Data): Data {
  if (!isShared(data) || data.length === 0) return data;
  // The declared type is narrower than what the function accepts: shared memory works too.
  const place = Deno.UnsafePointer.of(data as unknown as BufferSource)!;
  const alias = Deno.UnsafePointerView.getArrayBuffer(place, data.byteLength);
  shown.set(alias, data.buffer);
  const SameType = data.constructor as new (buffer: ArrayBuffer) => Data;
  return new SameType(alias);
}
