import type { DescMethod } from "@bufbuild/protobuf";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { apiErrorOf } from "../api_error.ts";
import { notFlower } from "../connection_problem.ts";
import { httpPath } from "./path.ts";
import { readErrorBody } from "./error_body.ts";

/** Our error codes for HTTP statuses with Flower's JSON. A status not listed here is classified by its first digit. */
const CODE_OF: { readonly [status: number]: ErrorCode } = {
  401: "unauthenticated",
  403: "permission-denied",
  404: "not-found",
  408: "unavailable",
  409: "already-exists",
  412: "failed-precondition",
  413: "resource-exhausted",
  429: "resource-exhausted",
  501: "unimplemented",
  502: "unavailable",
  503: "unavailable",
  504: "deadline-exceeded",
};

/** Statuses of overloaded proxies and servers; a retry can help. */
const TEMPORARY = [408, 425, 429, 502, 503, 504];

/** Text of Flower's router for unknown paths. */
const NO_SUCH_PATH = "Not Found";

/**
 * The error for a response that is not the expected message: a Flower server's message with its number, or that this
 * is not a Flower server.
 *
 * @param address "host:port" of the server
 */
export async function answerError(
  address: string,
  method: DescMethod,
  answer: Response,
): Promise<FlwrError> {
  const { status } = answer;
  const body = await readErrorBody(answer);
  if (body === undefined) {
    return TEMPORARY.includes(status)
      ? new FlwrError("unavailable", `"${address}" answered with HTTP status ${status}`)
      : notFlower(address, "http", `it answered with HTTP status ${status}`);
  }
  const { code: number, detail, extra } = body;
  if (typeof number !== "number") {
    return status === 404 && detail === NO_SUCH_PATH
      ? new FlwrError("unimplemented", `"${address}" does not know ${httpPath(method)}`)
      : new FlwrError(codeOfStatus(status), detail);
  }
  const message = typeof extra === "string" ? `${detail} ${extra}` : detail;
  return apiErrorOf(number, message) ??
    new FlwrError(codeOfStatus(status), `[code: ${number}] ${message}`);
}

function codeOfStatus(status: number): ErrorCode {
  return CODE_OF[status] ?? (status < 500 ? "invalid-argument" : "internal");
}
