import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { UndecodableRequest } from "../answer.ts";
import { ApiError } from "../api_error.ts";
import { JSON_TYPE } from "./media_type.ts";

/** A request that HTTP itself refuses, in the words of Flower's own server. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
    /** Whether the fault is of the body, so that what is left of it is not waited for. */
    readonly ofBody = false,
  ) {
    super(detail);
  }
}

/** A body that is too large, too slow, or otherwise not to be read to its end. */
export function bodyRefusal(status: number, detail: string): Refusal {
  return new Refusal(status, detail, {}, true);
}

/** What a path answers to the methods that it has not. @param allow those that it has */
export function methodNotAllowed(allow: string): Refusal {
  return new Refusal(405, "Method Not Allowed", { allow });
}

/** The HTTP status of errors that have no number. Flower's clients try again after 502, 503 and 504 only. */
const STATUS_OF: { readonly [C in ErrorCode]: number } = {
  "invalid-argument": 400,
  "unauthenticated": 401,
  "permission-denied": 403,
  "not-found": 404,
  "already-exists": 409,
  "failed-precondition": 412,
  "resource-exhausted": 429,
  "cancelled": 499, // nginx's "client closed request": nobody is there to read it
  "internal": 500,
  "data-loss": 500,
  "unimplemented": 501,
  "unavailable": 503,
  "deadline-exceeded": 504,
};

/** What the other end is told of an internal error: the cause stays in the log. */
const INTERNAL_ERROR_DETAIL = "Internal server error.";

/** An answer that is no message. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the connection is closed afterwards. */
  readonly close?: boolean;
}

/** The answer that tells a caller of an error. Only what is a FlwrError, and not our own fault, is told in words. */
export function refusalOf(error: unknown): PlainAnswer {
  if (error instanceof Refusal) {
    const { status, detail, headers, ofBody } = error;
    return { ...json(status, { detail }, headers), close: ofBody };
  }
  if (error instanceof UndecodableRequest) {
    return refusalOf(new ApiError("request-malformed", "Invalid protobuf payload."));
  }
  if (error instanceof ApiError) {
    const { number: code, message: detail, httpStatus } = error;
    return json(httpStatus, { code, detail });
  }
  if (error instanceof FlwrError && error.code !== "internal") {
    return json(STATUS_OF[error.code], { detail: error.message });
  }
  return json(500, { detail: INTERNAL_ERROR_DETAIL });
}

function json(
  status: number,
  body: { readonly code?: number; readonly detail: string },
  headers: Readonly<Record<string, string>> = {},
): PlainAnswer {
  return { status, headers: { "content-type": JSON_TYPE, ...headers }, body: JSON.stringify(body) };
}
