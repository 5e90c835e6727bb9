import type { DescMethod } from "@bufbuild/protobuf";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { apiErrorOf } from "../api_error.ts";
import { notFlower } from "../connection_problem.ts";
import { httpPath } from "./path.ts";
import { wordsOf } from "./words.ts";

/** Our codes for HTTP statuses with Flower's JSON; a status that is not here goes by its hundred. */
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

/** Statuses of proxies and servers that have too much to do; trying again can help. */
const TEMPORARY = [408, 425, 429, 502, 503, 504];

/** What the router of Flower's server says of paths that it does not have. */
const NO_SUCH_PATH = "Not Found";

/**
 * The error for an answer that is not the expected message: a Flower server's words with its number, or that this is
 * no Flower server.
 *
 * @param address "host:port" that was called
 */
export async function answerError(
  address: string,
  method: DescMethod,
  answer: Response,
): Promise<FlwrError> {
  const { status } = answer;
  const said = await wordsOf(answer);
  if (said === undefined) {
    return TEMPORARY.includes(status)
      ? new FlwrError("unavailable", `"${address}" answered with HTTP status ${status}`)
      : notFlower(address, "http", `it answered with HTTP status ${status}`);
  }
  const { code: number, detail, extra } = said;
  if (typeof number !== "number") {
    return status === 404 && detail === NO_SUCH_PATH
      ? new FlwrError("unimplemented", `"${address}" does not know ${httpPath(method)}`)
      : new FlwrError(codeOfStatus(status), detail);
  }
  const words = typeof extra === "string" ? `${detail} ${extra}` : detail;
  return apiErrorOf(number, words) ??
    new FlwrError(codeOfStatus(status), `[code: ${number}] ${words}`);
}

function codeOfStatus(status: number): ErrorCode {
  return CODE_OF[status] ?? (status < 500 ? "invalid-argument" : "internal");
}
