import type { ErrorCode } from "../../base/error.ts";
import type { ApiErrorName } from "../api_error.ts";

/** What a worker asks of its host: calls of one service. */
export type PortRequest =
  | {
    readonly kind: "call";
    readonly id: number;
    /** The method's name in its service. */
    readonly method: string;
    /** Of the method's input message. */
    readonly bytes: Uint8Array;
  }
  /** Nobody waits for the answer any more. */
  | { readonly kind: "cancel"; readonly id: number };

/** What the host answers. */
export type PortAnswer =
  /** `bytes` of the method's output message. */
  | { readonly kind: "answer"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: "refusal"; readonly id: number; readonly error: PlainError };

/** An error as it crosses the boundary of a worker. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Its name in Flower's list of numbered errors. */
  readonly api?: ApiErrorName;
}

/** What to move, and not copy, when these bytes are posted: nobody else may need them. */
export function transferOf(bytes: Uint8Array): ArrayBuffer[] {
  return bytes.length > 0 && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}
