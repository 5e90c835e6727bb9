import assert from "node:assert/strict";
import { networkOf } from "./network.ts";

Deno.test("network: an IPv4 address is one caller, also in IPv6 notation", () => {
  assert.equal(networkOf("192.0.2.1"), "192.0.2.1");
  assert.equal(networkOf("::ffff:192.0.2.1"), "192.0.2.1");
  assert.notEqual(networkOf("192.0.2.1"), networkOf("192.0.2.2"));
});

Deno.test("network: the first 64 bits of an IPv6 address count, in any notation", () => {
  assert.equal(networkOf("2001:db8:1:2::1"), networkOf("2001:db8:1:2:aaaa:bbbb:cccc:dddd"));
  assert.equal(networkOf("2001:db8::1"), networkOf("2001:db8:0:0:ffff::"));
  assert.notEqual(networkOf("2001:db8:1:2::1"), networkOf("2001:db8:1:3::1"));
});
