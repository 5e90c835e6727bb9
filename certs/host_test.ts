import assert from "node:assert/strict";
import fc from "fast-check";
import { coversHost, parseHost } from "./host.ts";

Deno.test("names and addresses are distinguished and normalised", () => {
  const cases: [string, string, string][] = [
    ["SuperLink.Example.ORG", "dns", "superlink.example.org"],
    ["host-1", "dns", "host-1"],
    ["*.example.org", "dns", "*.example.org"],
    ["192.0.2.1", "ip", "192.0.2.1"],
    ["2001:DB8:0:0::1", "ip", "2001:db8::1"],
    ["0:0:0:0:0:0:0:1", "ip", "::1"],
  ];
  for (const [text, type, value] of cases) assert.deepEqual(parseHost(text), { type, value });
});

Deno.test("an invalid host is refused with the value and a hint", () => {
  const wrong = [
    "",
    "localhost:9092",
    "https://a.org",
    "[::1]",
    "300.1.1.1",
    "1.2.3",
    "a..b",
    "-a.org",
    "a_b",
    "*",
    "a.*.org",
    "x".repeat(64),
    "é.org",
    `${"a.".repeat(127)}org`,
  ];
  for (const text of wrong) {
    assert.throws(() => parseHost(text), {
      name: "FlwrError",
      code: "invalid-argument",
      message: `Host "${text}" is neither a DNS name nor an IP address`,
    });
  }
});

Deno.test("a certificate covers its names, its addresses in any spelling, and one label per wildcard", () => {
  const names = ["localhost", "::1", "127.0.0.1", "*.example.org"].map(parseHost);
  const covered = ["LOCALHOST", "0:0::1", "[::1]", "127.0.0.1", "a.example.org"];
  const strange = [
    "example.org",
    "a.b.example.org",
    "127.0.0.2",
    "*",
    "org",
    ".example.org",
    "::2",
  ];
  assert.deepEqual(covered.map((host) => coversHost(names, host)), covered.map(() => true));
  assert.deepEqual(strange.map((host) => coversHost(names, host)), strange.map(() => false));
});

Deno.test("every address covers itself", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
    assert.equal(coversHost([parseHost(address)], address), true);
  }));
});
