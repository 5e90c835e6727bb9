import { type ErrorCode, FlwrError } from "../base/error.ts";
import { type Address, formatAddress } from "./address.ts";
import type { Transport } from "./call.ts";
import { type CertificateRefusal, certificateRefusal } from "./certificate_refusal.ts";
import type { ClientTls } from "./client_tls.ts";
import type { Probe } from "./probe.ts";

/** Server that a failed call was sent to. */
export interface CallTarget {
  readonly address: Address;
  readonly tls: ClientTls;
}

const CHECK_ADDRESS = "Check the address given to --superlink (or --server)";
const START_SUPERLINK = "Start the SuperLink there first: flwr superlink";

/**
 * Explains a failed connection, using what a probe found at the address.
 *
 * The code is "unavailable" if a retry can help, and "failed-precondition" if somebody must fix something first:
 * wrong authority, wrong host, TLS on one side only, not a Flower server.
 *
 * @param transport transport of the call
 * @param details the transport's error text
 * @param now Unix time in seconds
 */
export function connectionProblem(
  target: CallTarget,
  transport: Transport,
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
      ? tlsProblem(target, transport, judgedBy(refusal, transport, found), now)
      : plainProblem(target, transport, found));
  // If the transport refused the certificate, report that, whatever the probe found.
  const problem = seen ?? (refusal && refusedCertificate(target, refusal));
  if (problem === undefined) {
    const why = /tls handshake eof/.test(details)
      ? ": the server closed it during the TLS handshake"
      : "";
    return new FlwrError("unavailable", `The connection to "${name}" broke${why}`, { cause });
  }
  return new FlwrError(problem.code, problem.message, { hints: problem.hints, cause });
}

/** Reason why the server cannot be reached, from a system error's code anywhere in the text. */
export function reachability(text: string): string | undefined {
  if (text.includes("ECONNREFUSED")) return "connection refused";
  if (/Name resolution failed|ENOTFOUND|EAI_AGAIN/.test(text)) return "no such host name";
  if (text.includes("ETIMEDOUT")) return "no answer";
  if (/EHOSTUNREACH|ENETUNREACH/.test(text)) return "no route to that host";
  return undefined;
}

/** The error for a server that responds, but not as a Flower server of that transport does. */
export function notFlower(
  name: string,
  transport: Transport,
  why: string,
  cause?: Error,
): FlwrError {
  const { code, message, hints } = notFlowerProblem(name, transport, why);
  return new FlwrError(code, message, { hints, cause });
}

interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}

function notFlowerProblem(name: string, transport: Transport, why: string): Problem {
  const [server, hint] = transport === "grpc"
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

/** The probe's result, with the verdict of the transport that failed in place of the other TLS library's. */
function judgedBy(
  refusal: CertificateRefusal | undefined,
  transport: Transport,
  found: FoundTls,
): FoundTls {
  // Over HTTP a certificate's common name is not accepted as a host name; over gRPC it is.
  const nameless = transport === "http" && found.names === "";
  return {
    ...found,
    named: found.named && refusal !== "wrong-host" && !nameless,
    // Names are compared only after a chain to a trusted authority was found.
    trusted: refusal === "forbidden-name" || refusal !== "unknown-authority" && found.trusted,
  };
}

function refusedCertificate({ address, tls }: CallTarget, refusal: CertificateRefusal): Problem {
  const name = formatAddress(address);
  const renew = "Create a new certificate for the SuperLink: flwr keys generate";
  const sentences: Readonly<Record<CertificateRefusal, Problem["message"]>> = {
    "unknown-authority": unknownAuthority(name, tls).message,
    expired: `The certificate of "${name}" has expired`,
    "not-yet-valid": `The certificate of "${name}" is not valid yet`,
    "wrong-host": `The certificate of "${name}" is not for "${address.host}"`,
    "authority-as-server":
      `The certificate of "${name}" belongs to an authority (CA:TRUE), which a server cannot use`,
    "old-version": `The certificate of "${name}" uses an old version of X.509 and names no host`,
    "forbidden-name":
      `The certificate of "${name}" has a name that its issuer may not certify, or none that can be compared (nameConstraints)`,
    other: `The certificate of "${name}" was refused`,
  };
  const hints = refusal === "unknown-authority" ? unknownAuthority(name, tls).hints : [renew];
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
        ? "Copy the ca.crt that was created together with the SuperLink's certificate"
        : "Give the SuperLink's ca.crt to --root-certificates",
    ],
  };
}

function tlsProblem(
  target: CallTarget,
  transport: Transport,
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
      `"${name}" accepts only TLS`,
      "Leave out --insecure and give the SuperLink's ca.crt to --root-certificates",
    );
  }
  const renew = "Create a new certificate for the SuperLink, or correct this machine's clock";
  if (now > found.validTo) {
    return permanent(`The certificate of "${name}" expired on ${day(found.validTo)}`, renew);
  }
  if (now < found.validFrom) {
    return permanent(
      `The certificate of "${name}" is not valid before ${day(found.validFrom)}`,
      renew,
    );
  }
  if (!found.named) {
    return found.names === ""
      ? permanent(
        `The certificate of "${name}" names no host`,
        "Create one with the host as a subjectAltName, as flwr keys generate does: a common name is not enough",
      )
      : permanent(
        `The certificate of "${name}" is not for "${address.host}": it is for ${found.names}`,
        "Use one of these names, or create a certificate for this one",
      );
  }
  if (found.refusal === "forbidden-name") return refusedCertificate(target, found.refusal);
  if (!found.trusted) return unknownAuthority(name, tls);
  if (transport === "grpc" && !found.http2) {
    return notFlowerProblem(name, transport, "it does not offer HTTP/2");
  }
  return undefined;
}

function plainProblem(
  { address, tls }: CallTarget,
  transport: Transport,
  found: FoundPlain,
): Problem | undefined {
  if (found.kind !== "plain" || found.protocol === "unknown") return undefined;
  const name = formatAddress(address);
  // A client that finds HTTP/2 in place of HTTP/1 switches to gRPC, so only TLS stands in its way.
  const isUsable = found.protocol === "http2" || transport === "http";
  if (tls === "insecure" || !isUsable) {
    const asSpoken = found.protocol === (transport === "grpc" ? "http2" : "http1");
    if (asSpoken) return undefined;
    const other = found.protocol === "http1" ? "it answers in HTTP/1" : "it accepts only HTTP/2";
    return notFlowerProblem(name, transport, other);
  }
  return {
    code: "failed-precondition",
    message: `"${name}" does not use TLS`,
    hints: [
      "Use --insecure if the SuperLink was started with --insecure, and only on networks that you trust",
      CHECK_ADDRESS,
    ],
  };
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
