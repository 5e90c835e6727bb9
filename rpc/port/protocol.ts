import type { ErrorCode } from "../../base/error.ts";
import type { ApiErrorName } from "../api_error.ts";

/** Request of a worker to its host: a call of a service, or its cancellation. */
export type PortRequest =
  | {
    readonly kind: "call";
    readonly id: number;
    /** The method's name in its service. */
    readonly method: string;
    /** The method's encoded input message. */
    readonly bytes: Uint8Array;
  }
  /** Cancels a call. */
  | { readonly kind: "cancel"; readonly id: number };

/** Response of the host to a call. */
export type PortResponse =
  /** `bytes` is the method's encoded output message. */
  | { readonly kind: "answer"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: "refusal"; readonly id: number; readonly error: PlainError };

/** An error in the form that crosses the boundary of a worker. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Its name in Flower's list of numbered errors. */
  readonly api?: ApiErrorName;
}

/** The buffers to transfer, not copy, when these bytes are posted. Nothing else may use them afterwards. */
export function transferOf(bytes: Uint8Array): ArrayBuffer[] {
  return bytes.length > 0 && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}
