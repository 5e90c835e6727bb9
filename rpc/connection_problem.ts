import { type ErrorCode, FlwrError } from "../base/error.ts";
import { type Address, formatAddress } from "./address.ts";
import type { Transport } from "./call.ts";
import { type CertificateRefusal, certificateRefusal } from "./certificate_refusal.ts";
import type { ClientTls } from "./client_tls.ts";
import type { Probe } from "./probe.ts";

/** Whom a failed call was for. */
export interface Target {
  readonly address: Address;
  readonly tls: ClientTls;
}

const CHECK_ADDRESS = "Check the address given to --superlink (or --server)";
const START_SUPERLINK = "Start the SuperLink there first: flwr superlink";

/**
 * Explains a failed connection by what stands at the address.
 *
 * Errors that trying again can help against are "unavailable"; what stays wrong until somebody does something
 * (wrong authority, wrong host, TLS on one side only, not a Flower server) is "failed-precondition".
 *
 * @param spoken what the call was made over
 * @param details what the transport said of the failure
 * @param now Unix time in seconds
 */
export function connectionProblem(
  target: Target,
  spoken: Transport,
  details: string,
  found: Probe | undefined,
  now: number,
): FlwrError {
  const name = formatAddress(target.address);
  const cause = new Error(details);
  const refusal = certificateRefusal(details);
  const reached = found?.kind === "unreachable" ? reachability(found.code) : reachability(details);
  if (reached !== undefined && refusal === undefined) {
    return new FlwrError("unavailable", `Cannot reach "${name}": ${reached}`, {
      hints: [START_SUPERLINK, CHECK_ADDRESS],
      cause,
    });
  }
  const seen = found &&
    (found.kind === "tls"
      ? tlsProblem(target, spoken, judgedBy(refusal, spoken, found), now)
      : plainProblem(target, spoken, found));
  // The transport's own refusal stays one, whatever another look finds.
  const problem = seen ?? (refusal && refusedCertificate(target, refusal));
  if (problem === undefined) {
    const why = /tls handshake eof/.test(details)
      ? ": the server ended it within the TLS handshake"
      : "";
    return new FlwrError("unavailable", `The connection to "${name}" broke${why}`, { cause });
  }
  return new FlwrError(problem.code, problem.message, { hints: problem.hints, cause });
}

/** Why nothing answers, from a system error's code anywhere in the text. */
export function reachability(text: string): string | undefined {
  if (text.includes("ECONNREFUSED")) return "connection refused";
  if (/Name resolution failed|ENOTFOUND|EAI_AGAIN/.test(text)) return "no such host name";
  if (text.includes("ETIMEDOUT")) return "no answer";
  if (/EHOSTUNREACH|ENETUNREACH/.test(text)) return "no way to that host";
  return undefined;
}

/** The error for what answers, but not as a Flower server of that transport does. */
export function notFlower(name: string, spoken: Transport, why: string, cause?: Error): FlwrError {
  const { code, message, hints } = notFlowerProblem(name, spoken, why);
  return new FlwrError(code, message, { hints, cause });
}

interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}

function notFlowerProblem(name: string, spoken: Transport, why: string): Problem {
  const [server, hint] = spoken === "grpc"
    ? ["Flower gRPC server", "A proxy in between must pass HTTP/2 through"]
    : ["Flower SuperLink", "Today's SuperLinks serve their HTTP API on port 8000"];
  return {
    code: "failed-precondition",
    message: `"${name}" is not a ${server}: ${why}`,
    hints: [CHECK_ADDRESS, hint],
  };
}

type FoundTls = Extract<Probe, { kind: "tls" }>;
type FoundPlain = Exclude<Probe, { kind: "tls" }>;

/** What was found, with the opinion of the transport that failed in place of the other TLS library's. */
function judgedBy(
  refusal: CertificateRefusal | undefined,
  spoken: Transport,
  found: FoundTls,
): FoundTls {
  // Over HTTP a common name does not count as a host's; over gRPC it does.
  const nameless = spoken === "http" && found.names === "";
  return {
    ...found,
    named: found.named && refusal !== "wrong-host" && !nameless,
    // Names are compared once the way to a trusted authority is found.
    trusted: refusal === "forbidden-name" || refusal !== "unknown-authority" && found.trusted,
  };
}

function refusedCertificate({ address, tls }: Target, refusal: CertificateRefusal): Problem {
  const name = formatAddress(address);
  const anew = "Have the SuperLink's certificate made anew: flwr keys generate";
  const sentences: Readonly<Record<CertificateRefusal, Problem["message"]>> = {
    "unknown-authority": unknownAuthority(name, tls).message,
    expired: `The certificate of "${name}" ran out`,
    "not-yet-valid": `The certificate of "${name}" is not valid yet`,
    "wrong-host": `The certificate of "${name}" is not for "${address.host}"`,
    "authority-as-server":
      `The certificate of "${name}" is that of an authority (CA:TRUE), which is refused for a server`,
    "old-version": `The certificate of "${name}" is of an old version of X.509 and names no host`,
    "forbidden-name":
      `The certificate of "${name}" has a name that its issuer may not give, or none that can be compared (nameConstraints)`,
    other: `The certificate of "${name}" is refused`,
  };
  const hints = refusal === "unknown-authority" ? unknownAuthority(name, tls).hints : [anew];
  return { code: "failed-precondition", message: sentences[refusal], hints };
}

function unknownAuthority(name: string, tls: ClientTls): Problem {
  const given = tls !== "insecure" && tls.rootCertificates !== undefined;
  return {
    code: "failed-precondition",
    message: given
      ? `The certificate of "${name}" is not signed by the authority in --root-certificates`
      : `The certificate of "${name}" is signed by an authority that this system does not know`,
    hints: [
      given
        ? "Copy the ca.crt that was made together with the SuperLink's certificate"
        : "Give the SuperLink's ca.crt to --root-certificates",
    ],
  };
}

function tlsProblem(
  target: Target,
  spoken: Transport,
  found: FoundTls,
  now: number,
): Problem | undefined {
  const { address, tls } = target;
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
    return found.names === ""
      ? permanent(
        `The certificate of "${name}" names no host`,
        "Have it made for the host with a subjectAltName, as flwr keys generate does: a common name is not enough",
      )
      : permanent(
        `The certificate of "${name}" is not for "${address.host}": it is for ${found.names}`,
        "Reach the SuperLink by one of these names, or have its certificate made for this one",
      );
  }
  if (found.refusal === "forbidden-name") return refusedCertificate(target, found.refusal);
  if (!found.trusted) return unknownAuthority(name, tls);
  if (spoken === "grpc" && !found.http2) {
    return notFlowerProblem(name, spoken, "it does not offer HTTP/2");
  }
  return undefined;
}

function plainProblem(
  { address, tls }: Target,
  spoken: Transport,
  found: FoundPlain,
): Problem | undefined {
  if (found.kind !== "plain" || found.protocol === "unknown") return undefined;
  const name = formatAddress(address);
  // Whoever meets HTTP/2 where HTTP/1 was meant goes on over gRPC: what keeps them from it is TLS.
  const isUsable = found.protocol === "http2" || spoken === "http";
  if (tls === "insecure" || !isUsable) {
    const asSpoken = found.protocol === (spoken === "grpc" ? "http2" : "http1");
    if (asSpoken) return undefined;
    const other = found.protocol === "http1" ? "it answers in HTTP/1" : "it speaks HTTP/2 only";
    return notFlowerProblem(name, spoken, other);
  }
  return {
    code: "failed-precondition",
    message: `"${name}" does not speak TLS`,
    hints: [
      "Use --insecure if the SuperLink was started with --insecure, on networks that you trust",
      CHECK_ADDRESS,
    ],
  };
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
