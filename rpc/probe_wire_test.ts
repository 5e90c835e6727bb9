import assert from "node:assert/strict";
import { parseAddress } from "./address.ts";
import type { ClientTls } from "./client_tls.ts";
import { probeWire } from "./probe_wire.ts";
import { startServer } from "./grpc/server.ts";
import { testCertificates } from "./testing/certificates.ts";
import { bindControl, serveHttp, SILENT } from "./testing/control.ts";

const look = (address: string, tls: ClientTls) => probeWire(parseAddress(address), tls);

Deno.test("a port's transport is detected, in plain text and over TLS", async () => {
  const certificates = await testCertificates();
  for (const tls of [undefined, certificates]) {
    const spoken: ClientTls = tls === undefined ? "insecure" : {};
    const grpc = await startServer({ address: "127.0.0.1:0", tls, services: [], log: SILENT });
    const http = await serveHttp(bindControl({}), { tls });
    assert.equal(await look(grpc.address, spoken), "grpc");
    assert.equal(await look(http.address, spoken), "http");
    const other: ClientTls = tls === undefined ? {} : "insecure";
    assert.equal(await look(grpc.address, other), "unknown");
    assert.equal(await look(http.address, other), "unknown");
    await grpc.close(1);
    await http.close(1);
    assert.equal(await look(http.address, spoken), "unreachable");
  }
});

Deno.test("a proxy that also accepts HTTP/2 is not taken for a gRPC server", async () => {
  const { cert, key } = await testCertificates();
  const proxy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen() {} },
    () => new Response(),
  );
  assert.equal(await look(`127.0.0.1:${proxy.addr.port}`, {}), "http");
  await proxy.shutdown();
});
