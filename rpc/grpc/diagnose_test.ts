import "reflect-metadata";
import assert from "node:assert/strict";
import { status as Status } from "@grpc/grpc-js";
import {
  BasicConstraintsExtension,
  Extension,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";
import { testCertificate } from "../../certs/testing/test_certificate.ts";
import { connectionProblem } from "../connection_problem.ts";
import type { ClientTls } from "../client_tls.ts";
import { diagnose, isConnectionFailure, needsProbe } from "./diagnose.ts";
import { type Probe, probe } from "../probe.ts";

const NOW = 1_800_000_000;
const lost = { code: Status.UNAVAILABLE, details: "No connection established. Last error: Error" };
const soundTls: Probe = {
  kind: "tls",
  http2: true,
  trusted: true,
  validFrom: NOW - 1,
  validTo: NOW + 1,
  named: true,
  names: "DNS:a",
};

/** Error code and message of a failed call to "a:1". */
function explain(
  failure: { code: Status; details: string },
  found?: Probe,
  tls: ClientTls = { rootCertificates: "…" },
): string {
  const target = { address: { host: "a", port: 1 }, tls };
  const { code, message } = diagnose(target, failure, found, NOW);
  return `${code}: ${message}`;
}

Deno.test("a server's message is passed on", () => {
  const failure = { code: Status.UNAUTHENTICATED, details: "Access denied" };
  assert.equal(explain(failure), "unauthenticated: Access denied");
  assert.equal(explain({ code: Status.UNKNOWN, details: "boom" }), "internal: boom");
  assert.equal(explain({ code: Status.NOT_FOUND, details: "" }), "not-found: NOT_FOUND");
  const busy = { code: Status.UNAVAILABLE, details: "Try later" };
  assert.equal(explain(busy), "unavailable: Try later");
  assert.ok(!needsProbe(busy));
});

Deno.test("a connection that breaks while a request is written may recover", () => {
  const broken = {
    code: Status.INTERNAL,
    details: "Received RST_STREAM with code 2 triggered by internal client error: write EPIPE",
  };
  assert.equal(explain(broken), 'unavailable: The connection to "a:1" broke: write EPIPE');
  assert.ok(isConnectionFailure(broken));
  assert.ok(!needsProbe(broken));
});

Deno.test("a temporary proxy error is distinguished from a web page", () => {
  const answered = (http: number, code: Status) =>
    explain({ code, details: `Received HTTP status code ${http}` });
  assert.equal(
    answered(503, Status.UNAVAILABLE),
    'unavailable: "a:1" answered with HTTP status 503',
  );
  assert.equal(
    answered(404, Status.UNIMPLEMENTED),
    'failed-precondition: "a:1" is not a Flower gRPC server: it answered with HTTP status 404',
  );
});

Deno.test("a web page that was read as a length is distinguished from a large message", () => {
  const tooLarge = (size: number) =>
    explain({
      code: Status.RESOURCE_EXHAUSTED,
      details: `Received message larger than max (${size} vs 536870912)`,
    });
  // "404 page not found" without its first letter: 0x30 0x34 0x20 0x70.
  assert.match(tooLarge(808_722_544), /^failed-precondition: .* it answered with text$/);
  assert.match(tooLarge(600_000_000), /^resource-exhausted: Received message larger than max/);
});

Deno.test("failures that grpc-js explains need no probe", () => {
  for (
    const [details, why] of [
      ["No connection established. Last error: connect ECONNREFUSED", "connection refused"],
      ["No connection established: ETIMEDOUT", "no answer"],
      ["Name resolution failed for target dns:a:1", "no such host name"],
      ["No connection established. Last error: EHOSTUNREACH", "no route to that host"],
    ] as const
  ) {
    const failure = { code: Status.UNAVAILABLE, details };
    assert.ok(!needsProbe(failure), details);
    assert.equal(explain(failure), `unavailable: Cannot reach "a:1": ${why}`);
  }
  assert.ok(needsProbe(lost));
  assert.ok(needsProbe({ code: Status.UNAVAILABLE, details: "Connection dropped" }));
});

Deno.test("the probe's result explains a lost connection", () => {
  const found = (change: Partial<Extract<Probe, { kind: "tls" }>>) =>
    explain(lost, { ...soundTls, ...change });
  assert.match(found({ validTo: NOW - 1 }), /^failed-precondition: .* expired on 2027-01-15$/);
  assert.match(
    found({ validFrom: NOW + 1 }),
    /^failed-precondition: .* not valid before 2027-01-15$/,
  );
  assert.match(found({ named: false }), /^failed-precondition: .* not for "a": it is for DNS:a$/);
  assert.match(
    found({ trusted: false }),
    /^failed-precondition: .* authority in --root-certificates$/,
  );
  assert.match(found({ http2: false }), /^failed-precondition: .* does not offer HTTP\/2$/);
  assert.equal(found({}), 'unavailable: The connection to "a:1" broke');
  assert.equal(
    explain(lost, { kind: "unreachable", code: "ECONNREFUSED" }),
    'unavailable: Cannot reach "a:1": connection refused',
  );
  assert.equal(
    explain(lost, { kind: "plain", protocol: "unknown" }),
    'unavailable: The connection to "a:1" broke',
  );
  assert.equal(
    explain(lost, { kind: "plain", protocol: "http2" }, "insecure"),
    'unavailable: The connection to "a:1" broke',
  );
});

Deno.test("a name that the issuer may not certify is distinguished from an unknown authority", () => {
  const target = { address: { host: "a", port: 1 }, tls: { rootCertificates: "…" } };
  const sentence = /has a name that its issuer may not certify.*\(nameConstraints\)$/;
  for (const reason of ["NameConstraintViolation", "MalformedNameConstraint"]) {
    const details =
      `client error (Connect): invalid peer certificate: Other(OtherError(${reason}))`;
    for (const found of [undefined, soundTls, { ...soundTls, trusted: false }]) {
      const { code, message } = connectionProblem(target, "http", details, found, NOW);
      assert.equal(code, "failed-precondition");
      assert.match(message, sentence);
    }
  }
  // grpc-js does not report it, but the probe does.
  assert.match(explain(lost, { ...soundTls, refusal: "forbidden-name" }), sentence);
});

/** Creates a server's certificate for localhost, signed by an authority that excludes that name. */
async function excludingCertificates(): Promise<{ cert: string; key: string; ca: string }> {
  const issuer = await testCertificate("Root", {
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new Extension("2.5.29.30", true, Uint8Array.fromHex("300fa10d300b82096c6f63616c686f7374")),
    ],
  });
  const localhost = new SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }]);
  const { pem, key } = await testCertificate("s", { issuer, extensions: [localhost] });
  return { cert: pem, key, ca: issuer.pem };
}

Deno.test("a probe recognises a name that the issuer may not certify", async () => {
  const { cert, key, ca } = await excludingCertificates();
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.handshake().catch(() => {});
      connection.close();
    }
  })();
  const address = { host: "localhost", port: listener.addr.port };
  const found = await probe(address, { rootCertificates: ca });
  assert.ok(found?.kind === "tls");
  assert.equal(found.refusal, "forbidden-name");
  listener.close();
  await serving;
});
