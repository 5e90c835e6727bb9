import { Status, statusName } from "./grpc_status.ts";
import { FlwrError } from "../../base/error.ts";
import { formatAddress } from "../address.ts";
import {
  type CallTarget,
  connectionProblem,
  notFlower,
  reachability,
} from "../connection_problem.ts";
import type { Probe } from "../probe.ts";
import { readRefusal } from "./grpc_refusal.ts";
import { errorCodeOf, type WireStatus } from "./status.ts";

/**
 * Texts of grpc-js's own errors; a status with another text came from the server. (They give no reason that can be
 * relied on, so a probe finds out why TLS failed.)
 */
const NO_CONNECTION = /^No connection established|^Connection dropped|^Name resolution failed/;
/** Text of grpc-js, with status INTERNAL, for a connection that breaks while a request is written. */
const BROKEN = /^Received RST_STREAM with code \d+ triggered by internal client error: (.*)/;
const HTTP_STATUS = /^Received HTTP status code (\d+)/;
const TOO_LARGE = /^Received message larger than max \((\d+)/;
const TEMPORARY_HTTP = ["429", "502", "503", "504"];

/** Whether a {@link Probe} of the server is needed to explain why a call failed. */
export function needsProbe({ code, details }: WireStatus): boolean {
  return code === Status.UNAVAILABLE && NO_CONNECTION.test(details) &&
    reachability(details) === undefined;
}

/** Whether a call failed because there was no connection, or because it broke: a new connection may help. */
export function isConnectionFailure({ code, details }: WireStatus): boolean {
  return code === Status.UNAVAILABLE && NO_CONNECTION.test(details) || BROKEN.test(details);
}

/**
 * Explains a failed gRPC call in one sentence with hints.
 *
 * @param found result of the probe, if {@link needsProbe} asked for one
 * @param now Unix time in seconds
 */
export function diagnose(
  target: CallTarget,
  failure: WireStatus,
  found: Probe | undefined,
  now: number,
): FlwrError {
  const { code, details } = failure;
  const name = formatAddress(target.address);
  const cause = new Error(details);
  const http = HTTP_STATUS.exec(details)?.[1];
  if (http !== undefined) {
    return TEMPORARY_HTTP.includes(http)
      ? new FlwrError("unavailable", `"${name}" answered with HTTP status ${http}`, { cause })
      : notFlower(name, "grpc", `it answered with HTTP status ${http}`, cause);
  }
  const size = Number(TOO_LARGE.exec(details)?.[1]);
  if (isText(size)) return notFlower(name, "grpc", "it answered with text", cause);
  const broken = BROKEN.exec(details)?.[1];
  if (broken !== undefined) {
    return new FlwrError("unavailable", `The connection to "${name}" broke: ${broken}`, { cause });
  }
  if (isConnectionFailure(failure)) return connectionProblem(target, "grpc", details, found, now);
  const refusal = readRefusal(details);
  if (refusal !== undefined) return refusal;
  return new FlwrError(
    errorCodeOf(code),
    details === "" ? statusName(code) ?? "Unknown" : details,
    {
      cause,
    },
  );
}

/** Whether a message's "length" is really four characters of a text: "404 page" gives 808,722,544. */
function isText(size: number): boolean {
  if (!Number.isInteger(size)) return false;
  return [24, 16, 8, 0].every((shift) => {
    const byte = (size >>> shift) & 0xff;
    return byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f);
  });
}
