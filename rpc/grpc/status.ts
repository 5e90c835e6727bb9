import { Status } from "./grpc_status.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { ApiError } from "../api_error.ts";
import { refusalDetails } from "./grpc_refusal.ts";

/** A gRPC status as it crosses the wire. */
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

/** gRPC has three codes that our errors do not tell apart. */
const CODE_OF = new Map<number, ErrorCode>([
  ...Object.entries(STATUS_OF).map(([code, status]): [number, ErrorCode] => [
    status,
    code as ErrorCode,
  ]),
  [Status.ABORTED, "unavailable"],
  [Status.OUT_OF_RANGE, "invalid-argument"],
  [Status.UNKNOWN, "internal"], // what Python servers answer when a handler raises
]);

/** What the other end is told of an internal error: the cause stays in the log. */
export const INTERNAL_ERROR_DETAILS = "Internal error";

/** The gRPC status that tells a peer of an error. Only what is a FlwrError, and not our own fault, is told in words. */
export function statusOf(error: unknown): WireStatus {
  if (error instanceof FlwrError && error.code !== "internal") {
    const details = error instanceof ApiError ? refusalDetails(error) : error.message;
    return { code: STATUS_OF[error.code], details };
  }
  return { code: Status.INTERNAL, details: INTERNAL_ERROR_DETAILS };
}

/** The code of our own for a gRPC status code; "internal" for one that gRPC does not define. */
export function codeOf(status: number): ErrorCode {
  return CODE_OF.get(status) ?? "internal";
}
