import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { UndecodableRequest } from "../answer.ts";
import { ApiError } from "../api_error.ts";
import { NotAuthenticated } from "../not_authenticated.ts";
import { RequestFault } from "../request_fault.ts";
import { JSON_TYPE } from "./media_type.ts";

/** An error for a request that is refused at the level of HTTP, with the text of Flower's own server. */
export class HttpRefusal extends RequestFault {
  override readonly name = "HttpRefusal";
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
    /** Whether the body is at fault. Then the rest of it is not read. */
    readonly ofBody = false,
  ) {
    super(detail);
  }
}

/** Refuses a body that is too large, too slow or malformed. */
export function bodyRefusal(status: number, detail: string): HttpRefusal {
  return new HttpRefusal(status, detail, {}, true);
}

/** Refuses a method that a path does not support. @param allow the methods that it supports */
export function methodNotAllowed(allow: string): HttpRefusal {
  return new HttpRefusal(405, "Method Not Allowed", { allow });
}

/** HTTP status of errors without a number. Flower's clients retry only after 502, 503 and 504. */
const STATUS_OF: { readonly [C in ErrorCode]: number } = {
  "invalid-argument": 400,
  "unauthenticated": 401,
  "permission-denied": 403,
  "not-found": 404,
  "already-exists": 409,
  "failed-precondition": 412,
  "resource-exhausted": 429,
  "cancelled": 499, // nginx's "client closed request": nobody reads it
  "internal": 500,
  "data-loss": 500,
  "unimplemented": 501,
  "unavailable": 503,
  "deadline-exceeded": 504,
};

/** Text that replaces an internal error: the cause stays in the log. */
const INTERNAL_ERROR_DETAIL = "Internal server error.";

/** A response that is not a protobuf message. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the connection is closed after it. */
  readonly close?: boolean;
}

/** The response for an error. Only a FlwrError's message is sent, and never that of an internal error. */
export function errorResponse(error: unknown): PlainResponse {
  if (error instanceof HttpRefusal) {
    const { status, detail, headers, ofBody } = error;
    return { ...json(status, { detail }, headers), close: ofBody };
  }
  if (error instanceof UndecodableRequest) {
    return errorResponse(new ApiError("request-malformed", "Invalid protobuf payload."));
  }
  if (error instanceof ApiError) {
    const { number: code, message: detail, httpStatus } = error;
    return json(httpStatus, { code, detail }, error.api === "not-logged-in" ? LOG_IN : {});
  }
  if (error instanceof NotAuthenticated) return json(401, { detail: error.message }, LOG_IN);
  if (error instanceof FlwrError && error.code !== "internal") {
    return json(STATUS_OF[error.code], { detail: error.message });
  }
  return json(500, { detail: INTERNAL_ERROR_DETAIL });
}

/** Headers of a response that asks for a login. Flower's command compares the scheme exactly. */
const LOG_IN: Readonly<Record<string, string>> = {
  "www-authenticate": "Bearer",
  "cache-control": "no-store",
  "pragma": "no-cache",
};

function json(
  status: number,
  body: { readonly code?: number; readonly detail: string },
  headers: Readonly<Record<string, string>> = {},
): PlainResponse {
  return { status, headers: { "content-type": JSON_TYPE, ...headers }, body: JSON.stringify(body) };
}
