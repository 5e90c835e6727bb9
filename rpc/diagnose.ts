import { status as Status } from "@grpc/grpc-js";
import { type ErrorCode, FlwrError } from "../base/error.ts";
import { type Address, formatAddress } from "./address.ts";
import type { ClientTls } from "./client_tls.ts";
import type { Probe } from "./probe.ts";
import { codeOf, type WireStatus } from "./status.ts";

/** Whom a failed call was for. */
export interface Target {
  readonly address: Address;
  readonly tls: ClientTls;
}

/**
 * How grpc-js words what it finds out itself; a status with other words came from the server. (Its words name no
 * reason that can be relied on: TLS failures are told by looking again.)
 */
const NO_CONNECTION = /^No connection established|^Connection dropped|^Name resolution failed/;
const HTTP_STATUS = /^Received HTTP status code (\d+)/;
const TOO_LARGE = /^Received message larger than max \((\d+)/;
const TEMPORARY_HTTP = ["429", "502", "503", "504"];

const CHECK_ADDRESS = "Check the address given to --superlink (or --server)";
const START_SUPERLINK = "Start the SuperLink there first: flwr superlink";

/** Whether a look at the server ({@link Probe}) is needed to say why a call failed. */
export function needsProbe({ code, details }: WireStatus): boolean {
  return code === Status.UNAVAILABLE && NO_CONNECTION.test(details) &&
    reachability(details) === undefined;
}

/** Whether a call failed because there was no connection, or it broke: it may go through on a new one. */
export function isConnectionFailure({ code, details }: WireStatus): boolean {
  return code === Status.UNAVAILABLE && NO_CONNECTION.test(details);
}

/**
 * Explains a failed call in one sentence with hints.
 *
 * Errors that trying again can help against are "unavailable"; what stays wrong until somebody does something
 * (wrong authority, wrong host, TLS on one side only, not a gRPC server) is "failed-precondition".
 *
 * @param found what stands at the address, when {@link needsProbe} asked for it
 * @param now Unix time in seconds
 */
export function diagnose(
  target: Target,
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
      : notGrpc(name, `it answered with HTTP status ${http}`, cause);
  }
  const size = Number(TOO_LARGE.exec(details)?.[1]);
  if (isText(size)) return notGrpc(name, "it answered with text", cause);
  if (!isConnectionFailure(failure)) {
    return new FlwrError(codeOf(code), details === "" ? Status[code] ?? "Unknown" : details, {
      cause,
    });
  }
  const reached = found?.kind === "unreachable" ? reachability(found.code) : reachability(details);
  if (reached !== undefined) {
    return new FlwrError("unavailable", `Cannot reach "${name}": ${reached}`, {
      hints: [START_SUPERLINK, CHECK_ADDRESS],
      cause,
    });
  }
  const problem = found &&
    (found.kind === "tls" ? tlsProblem(target, found, now) : plainProblem(target, found));
  if (problem === undefined) {
    return new FlwrError("unavailable", `The connection to "${name}" broke`, { cause });
  }
  return new FlwrError(problem.code, problem.message, { hints: problem.hints, cause });
}

interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}

/** Why nothing answers, from a system error's code anywhere in the text. */
function reachability(text: string): string | undefined {
  if (text.includes("ECONNREFUSED")) return "connection refused";
  if (/Name resolution failed|ENOTFOUND|EAI_AGAIN/.test(text)) return "no such host name";
  if (text.includes("ETIMEDOUT")) return "no answer";
  if (/EHOSTUNREACH|ENETUNREACH/.test(text)) return "no way to that host";
  return undefined;
}

type FoundTls = Extract<Probe, { kind: "tls" }>;
type FoundPlain = Exclude<Probe, { kind: "tls" }>;

function tlsProblem({ address, tls }: Target, found: FoundTls, now: number): Problem | undefined {
  const name = formatAddress(address);
  const permanent = (message: string, ...hints: string[]): Problem => ({
    code: "failed-precondition",
    message,
    hints,
  });
  if (tls === "insecure") {
    return permanent(
      `"${name}" speaks TLS only`,
      "Leave out --insecure and give the SuperLink's ca.crt to --root-certificates",
    );
  }
  const renew = "Have the SuperLink's certificate made anew, or set this machine's clock right";
  if (now > found.validTo) {
    return permanent(`The certificate of "${name}" ran out on ${day(found.validTo)}`, renew);
  }
  if (now < found.validFrom) {
    return permanent(
      `The certificate of "${name}" holds only from ${day(found.validFrom)} on`,
      renew,
    );
  }
  if (!found.named) {
    return permanent(
      `The certificate of "${name}" is not for "${address.host}": it is for ${found.names}`,
      "Reach the SuperLink by one of these names, or have its certificate made for this one",
    );
  }
  if (!found.trusted) {
    return tls.rootCertificates === undefined
      ? permanent(
        `The certificate of "${name}" is signed by an authority that this system does not know`,
        "Give the SuperLink's ca.crt to --root-certificates",
      )
      : permanent(
        `The certificate of "${name}" is not signed by the authority in --root-certificates`,
        "Copy the ca.crt that was made together with the SuperLink's certificate",
      );
  }
  if (!found.http2) return notGrpcProblem(name, "it does not offer HTTP/2");
  return undefined;
}

function plainProblem({ address, tls }: Target, found: FoundPlain): Problem | undefined {
  const name = formatAddress(address);
  if (found.kind === "plain" && found.protocol === "http1") {
    return notGrpcProblem(name, "it answers in HTTP/1");
  }
  if (found.kind === "plain" && found.protocol === "http2" && tls !== "insecure") {
    return {
      code: "failed-precondition",
      message: `"${name}" does not speak TLS`,
      hints: [
        "Use --insecure if the SuperLink was started with --insecure, on networks that you trust",
        CHECK_ADDRESS,
      ],
    };
  }
  return undefined;
}

function notGrpcProblem(name: string, why: string): Problem {
  return {
    code: "failed-precondition",
    message: `"${name}" is not a Flower gRPC server: ${why}`,
    hints: [CHECK_ADDRESS, "A proxy in between must pass HTTP/2 through"],
  };
}

function notGrpc(name: string, why: string, cause: Error): FlwrError {
  const { code, message, hints } = notGrpcProblem(name, why);
  return new FlwrError(code, message, { hints, cause });
}

/** Whether a message's "length" is four letters of a page: "404 page" gives 808,722,544. */
function isText(size: number): boolean {
  if (!Number.isInteger(size)) return false;
  return [24, 16, 8, 0].every((shift) => {
    const byte = (size >>> shift) & 0xff;
    return byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f);
  });
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
