import assert from "node:assert/strict";
import type { HostName } from "../../certs/host.ts";
import type { Transport } from "../../rpc/call.ts";
import { ownHost } from "./own_host.ts";

const CERTIFICATE: readonly HostName[] = [{ type: "dns", value: "superlink.example" }, {
  type: "ip",
  value: "10.0.0.5",
}];

const host = (transport: Transport, used: string | undefined, hosts?: readonly HostName[]) =>
  ownHost({ transport, header: () => used }, "0.0.0.0:8000", hosts);

Deno.test("own host: over HTTP it is the caller's host, with its port or none", () => {
  for (const used of ["superlink.example", "10.0.0.5:443", "[::1]:8000", "localhost:80"]) {
    assert.equal(host("http", used), used);
  }
});

Deno.test("own host: over gRPC the port is that of HTTP, and the certificate must name the host", () => {
  assert.equal(host("grpc", "10.0.0.5:9093"), "10.0.0.5:8000");
  assert.equal(host("grpc", "[::1]:9093"), "[::1]:8000");
  assert.equal(host("grpc", "some.name"), "some.name:8000");
  assert.equal(host("grpc", "SuperLink.example:9093", CERTIFICATE), "SuperLink.example:8000");
  assert.equal(host("grpc", "placeholder", CERTIFICATE), "superlink.example:8000");
});

Deno.test("own host: a host that would mean something else in a URL is not used", () => {
  const odd = [
    undefined,
    "",
    "a b",
    "user@evil.example",
    "evil.example/path",
    "evil.example?x",
    "evil.example#x",
    "a\r\nb",
    "host:port",
    "host:123456",
    "host:99999",
    "[::1",
    "[zz]:1",
    "[1.2.3]",
    "x".repeat(300),
  ];
  for (const used of odd) {
    assert.equal(host("http", used), "127.0.0.1:8000", String(used));
    assert.equal(host("grpc", used), "127.0.0.1:8000", String(used));
  }
});
