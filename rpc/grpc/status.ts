import { Status } from "./grpc_status.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { ApiError } from "../api_error.ts";
import { refusalDetails } from "./grpc_refusal.ts";

/** A gRPC status as it is sent. */
export interface WireStatus {
  readonly code: Status;
  readonly details: string;
}

const STATUS_OF: { readonly [C in ErrorCode]: Status } = {
  "invalid-argument": Status.INVALID_ARGUMENT,
  "failed-precondition": Status.FAILED_PRECONDITION,
  "not-found": Status.NOT_FOUND,
  "already-exists": Status.ALREADY_EXISTS,
  "unauthenticated": Status.UNAUTHENTICATED,
  "permission-denied": Status.PERMISSION_DENIED,
  "resource-exhausted": Status.RESOURCE_EXHAUSTED,
  "unavailable": Status.UNAVAILABLE,
  "deadline-exceeded": Status.DEADLINE_EXCEEDED,
  "cancelled": Status.CANCELLED,
  "unimplemented": Status.UNIMPLEMENTED,
  "data-loss": Status.DATA_LOSS,
  "internal": Status.INTERNAL,
};

/** gRPC has three codes that our errors do not distinguish. */
const CODE_OF = new Map<number, ErrorCode>([
  ...Object.entries(STATUS_OF).map(([code, status]): [number, ErrorCode] => [
    status,
    code as ErrorCode,
  ]),
  [Status.ABORTED, "unavailable"],
  [Status.OUT_OF_RANGE, "invalid-argument"],
  [Status.UNKNOWN, "internal"], // Python servers' code when a handler raises
]);

/** Text that replaces an internal error: the cause stays in the log. */
export const INTERNAL_ERROR_DETAILS = "Internal error";

/** The gRPC status for an error. Only a FlwrError's message is sent, and never that of an internal error. */
export function statusOf(error: unknown): WireStatus {
  if (error instanceof FlwrError && error.code !== "internal") {
    const details = error instanceof ApiError ? refusalDetails(error) : error.message;
    return { code: STATUS_OF[error.code], details };
  }
  return { code: Status.INTERNAL, details: INTERNAL_ERROR_DETAILS };
}

/** Our error code for a gRPC status code; "internal" for one that gRPC does not define. */
export function errorCodeOf(status: number): ErrorCode {
  return CODE_OF.get(status) ?? "internal";
}
