import assert from "node:assert/strict";
import { FlwrError } from "../base/error.ts";
import { formatAddress, isIP, isLoopback, parseAddress } from "./address.ts";

Deno.test("an address is split at its last colon", () => {
  assert.deepEqual(parseAddress("127.0.0.1:9092"), { host: "127.0.0.1", port: 9092 });
  assert.deepEqual(parseAddress("superlink.example.org:1"), {
    host: "superlink.example.org",
    port: 1,
  });
  assert.deepEqual(parseAddress("[::1]:9092"), { host: "::1", port: 9092 });
  assert.deepEqual(parseAddress("::1:9092"), { host: "::1", port: 9092 });
  assert.deepEqual(parseAddress("[fe80::1%eth0]:65535"), { host: "fe80::1%eth0", port: 65_535 });
});

Deno.test("port 0 is for servers only", () => {
  assert.equal(parseAddress("127.0.0.1:0", { allowZero: true }).port, 0);
  assert.throws(() => parseAddress("127.0.0.1:0"), { code: "invalid-argument" });
});

for (
  const text of [
    "",
    "9092",
    ":9092",
    "localhost",
    "localhost:",
    "localhost:65536",
    "localhost:-1",
    "localhost:9092x",
    "a b:9092",
    "a:b:9092",
    "[::1:9092",
    "http://localhost:9092",
  ]
) {
  Deno.test(`the address "${text}" is refused by name`, () => {
    assert.throws(
      () => parseAddress(text),
      (error) =>
        error instanceof FlwrError && error.code === "invalid-argument" &&
        error.message.startsWith(`Address "${text}" cannot be parsed: `) &&
        error.hints.length === 1,
    );
  });
}

Deno.test("IPv6 hosts are written in brackets", () => {
  assert.equal(formatAddress({ host: "::1", port: 9092 }), "[::1]:9092");
  assert.equal(formatAddress({ host: "localhost", port: 9092 }), "localhost:9092");
});

Deno.test("isIP distinguishes addresses from names", () => {
  for (const host of ["127.0.0.1", "0.0.0.0", "::1", "fe80::1%eth0"]) assert.ok(isIP(host), host);
  for (const host of ["localhost", "1.2.3", "1.2.3.256", "a::g"]) assert.ok(!isIP(host), host);
});

Deno.test("isLoopback recognises loopback hosts", () => {
  for (const host of ["::ffff:127.0.0.1", "localhost", "127.0.0.1", "127.9.9.9", "::1"]) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ["::ffff:192.0.2.1", "0.0.0.0", "::", "127.example.org", "192.168.0.1"]) {
    assert.ok(!isLoopback(host), host);
  }
});
