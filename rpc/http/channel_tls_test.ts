import assert from "node:assert/strict";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { connect as connectTls } from "node:tls";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { probe } from "../probe.ts";
import { NO_RETRY } from "../retry.ts";
import { selfSignedAuthority, testCertificates } from "../testing/certificates.ts";
import { serveHttp } from "../testing/control.ts";
import { openHttpChannel } from "./channel.ts";
import { assertError, binding, tryCall } from "../testing/control_call.ts";

Deno.test("TLS reaches a server by name and by address", async () => {
  const tls = await testCertificates();
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    const server = await serveHttp(binding, { tls, address: `${host}:0` });
    assert.equal(await tryCall(server.address, { rootCertificates: tls.ca }), "now", host);
    await server.close(1);
  }
});

Deno.test("a wrong certificate is explained", async () => {
  const fitting = await testCertificates();
  const other = await testCertificates(["superlink.example.org"]);
  const old = await testCertificates(["localhost", "127.0.0.1"], -2);
  const cases = [
    [
      fitting,
      { rootCertificates: other.ca },
      /is not signed by the authority in --root-certificat/,
    ],
    [fitting, {}, /is signed by an authority that this system does not know$/],
    [
      other,
      { rootCertificates: other.ca },
      /is not for "127\.0\.0\.1": it is for DNS:superlink\.e/,
    ],
    [old, { rootCertificates: old.ca }, /expired on \d{4}-\d\d-\d\d$/],
  ] as const;
  for (const [tls, trusted, message] of cases) {
    const server = await serveHttp(binding, { tls });
    assertError(await tryCall(server.address, trusted), "failed-precondition", message);
    await server.close(1);
  }
});

/**
 * Makes a connection without certificate checks. A later connection may resume its TLS session, and then checks no
 * certificate.
 */
async function leaveSession(port: number): Promise<void> {
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    servername: "",
    ALPNProtocols: ["h2", "http/1.1"],
    rejectUnauthorized: false,
  });
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("data", () => {});
  socket.write("GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  await closed;
}

Deno.test("an unknown authority is refused on every connection", async () => {
  const tls = await testCertificates();
  const server = await serveHttp(binding, { tls });
  const { host, port } = { host: "127.0.0.1", port: Number(server.address.split(":").at(-1)) };
  for (let i = 0; i < 12; i++) {
    await leaveSession(port);
    const problem = /is signed by an authority that this system does not know$/;
    assertError(await tryCall(server.address, {}), "failed-precondition", problem);
    const found = await probe({ host, port }, {});
    assert.ok(found.kind === "tls" && !found.trusted);
    const fitting = await probe({ host, port }, { rootCertificates: tls.ca });
    assert.ok(fitting.kind === "tls" && fitting.trusted);
  }
  await server.close(1);
});

Deno.test("a certificate without a host, or of an authority, is explained", async () => {
  const nameless = await testCertificates([]);
  const authority = await selfSignedAuthority();
  const cases = [
    [nameless, { rootCertificates: nameless.ca }, /names no host$/],
    [nameless, {}, /names no host$/],
    [authority, { rootCertificates: authority.cert }, /belongs to an authority \(CA:TRUE\)/],
  ] as const;
  for (const [files, trusted, message] of cases) {
    // Not our own server, which refuses such files.
    const server = createSecureServer(files, (_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    assertError(await tryCall(`localhost:${port}`, trusted), "failed-precondition", message);
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
  }
});

Deno.test("TLS on one side only is recognised", async () => {
  const tls = await testCertificates();
  const secure = await serveHttp(binding, { tls });
  const plain = await serveHttp(binding);
  assertError(
    await tryCall(secure.address),
    "failed-precondition",
    `"${secure.address}" accepts only TLS`,
  );
  assertError(
    await tryCall(plain.address, { rootCertificates: tls.ca }),
    "failed-precondition",
    `"${plain.address}" does not use TLS`,
  );
  await secure.close(1);
  await plain.close(1);
});

Deno.test("a server that accepts the connection but not the TLS handshake is given up", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  const channel = openHttpChannel({
    address,
    tls: {},
    retry: NO_RETRY,
    connectTimeoutSeconds: 0.1,
  });
  await assert.rejects(channel.call(Control.method.listRuns, {}), {
    code: "unavailable",
    message: `Cannot reach "${address}": no answer`,
  });
  channel.close();
  listener.close();
  await accepting;
  for (const connection of connections) connection.close();
});

Deno.test("root certificates without a certificate are refused", () => {
  assert.throws(
    () => openHttpChannel({ address: "localhost:8000", tls: { rootCertificates: "hello" } }),
    /The root certificates contain no PEM certificate/,
  );
});
