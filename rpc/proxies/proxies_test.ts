import assert from "node:assert/strict";
import { originOf } from "./origin.ts";
import { type ProxyHeader, readProxyRange, TrustedProxies } from "./trusted_proxies.ts";

const RANGES = ["10.0.0.0/24", "2001:db8:1::/48", "192.0.2.1"].map(readProxyRange);
const PROXY = "10.0.0.7:41000";

function origin(text: string | undefined, peer = PROXY, header: ProxyHeader = "x-forwarded-for") {
  const proxies = new TrustedProxies(RANGES, header);
  return originOf(peer, (name) => name === header ? text : "127.0.0.1", proxies);
}

Deno.test("proxies: only a trusted one is believed, and only by the header of its kind", () => {
  for (const peer of ["10.0.1.7:1", "203.0.113.9:5", "[2001:db8:2::1]:9", "[::1]:4"]) {
    assert.deepEqual(origin("127.0.0.1", peer), { peer });
  }
  assert.deepEqual(originOf(PROXY, () => "127.0.0.1", undefined), { peer: PROXY });
  for (const peer of [PROXY, "[::ffff:10.0.0.7]:41000", "[2001:db8:1:5::1]:2", "192.0.2.1:3"]) {
    assert.deepEqual(origin("203.0.113.9", peer), { peer: "203.0.113.9:0", proxy: peer });
    assert.deepEqual(origin(undefined, peer), { peer }, "the proxy's own call");
  }
});

Deno.test("proxies: what the caller itself puts in front of a proxy's entry counts for nothing", () => {
  const cases: [string, string][] = [
    ["127.0.0.1, 203.0.113.9", "203.0.113.9:0"],
    ["127.0.0.1,203.0.113.9:4711", "203.0.113.9:4711"],
    ["10.0.0.9, 203.0.113.9", "203.0.113.9:0"],
    ["unknown, 203.0.113.9", "203.0.113.9:0"],
    // A chain of trusted proxies, from the right.
    ["127.0.0.1, 203.0.113.9, 10.0.0.8, 2001:db8:1::7", "203.0.113.9:0"],
    ["127.0.0.1, 203.0.113.9, [2001:db8:1::7]:80", "203.0.113.9:0"],
    ["203.0.113.9, 203.0.113.10, 10.0.0.8", "203.0.113.10:0"],
    ["::ffff:203.0.113.9", "203.0.113.9:0"],
    ["2001:DB8:0:0::5", "[2001:db8::5]:0"],
    ["10.0.0.9, 10.0.0.8", "10.0.0.9:0"],
  ];
  for (const [text, peer] of cases) assert.deepEqual(origin(text), { peer, proxy: PROXY }, text);
});

Deno.test("proxies: a malformed header is refused whole", () => {
  const refused = [
    ["", ",", "203.0.113.9,", ", 203.0.113.9", "a, 203.0.113.9", "203.0.113.9 10.0.0.8"],
    ["203.0.113", "203.0.113.09", "203.0.113.9:65536", "203.0.113.9:", "[203.0.113.9]"],
    ["[2001:db8::5", "fe80::1%eth0", "localhost", '"203.0.113.9"', "unknown", "127.1"],
    ["203.0.113.9\n", "203.0.113.9, unknown", "1, 203.0.113.9", "203.0.113.9, unknown, 10.0.0.8"],
    [Array(33).fill("203.0.113.9").join(), " ".repeat(5000) + "203.0.113.9"],
  ].flat();
  for (const text of refused) {
    assert.throws(() => origin(text), { code: "invalid-argument" }, text);
  }
});

Deno.test("proxies: RFC 7239's header", () => {
  const forwarded = (text: string) => origin(text, PROXY, "forwarded");
  const cases: [string, string][] = [
    ["for=127.0.0.1, for=203.0.113.9;proto=https;by=10.0.0.7", "203.0.113.9:0"],
    ['For="[2001:db8::5]:4711"', "[2001:db8::5]:4711"],
    ['for="203.0.113.9:_hidden"', "203.0.113.9:0"],
    ['by="a,b;for=127.0.0.1" ; for="203.0.113.9:80" ,for=10.0.0.8', "203.0.113.9:80"],
    [String.raw`for=_a, secret="a\",for=127.0.0.1";for=203.0.113.9`, "203.0.113.9:0"],
    ["for=unknown, for=203.0.113.9", "203.0.113.9:0"],
  ];
  for (const [text, peer] of cases) assert.deepEqual(forwarded(text), { peer, proxy: PROXY }, text);
  const refused = [
    ["", "for", "for=", "for=203.0.113.9;", "for=203.0.113.9,", "for = 203.0.113.9"],
    ["for=203.0.113.9;for=127.0.0.1", "for=[2001:db8::5]", 'for="2001:db8::5"', 'for="a'],
    ["for=unknown", "for=_hidden", "proto=https", "for=203.0.113.9 for=127.0.0.1", "203.0.113.9"],
    ["for=203.0.113.9, junk", "junk, for=203.0.113.9", 'for="203.0.113.9\\'],
  ].flat();
  for (const text of refused) {
    assert.throws(() => forwarded(text), { code: "invalid-argument" }, text);
  }
});

Deno.test("proxies: ranges are addresses with bits, and never all addresses", () => {
  assert.deepEqual(readProxyRange("::ffff:10.1.2.3"), { address: "10.1.2.3", bits: 32 });
  const has = (range: string, host: string) =>
    new TrustedProxies([readProxyRange(range)]).has(host);
  const within: [string, string, string][] = [
    ["10.0.0.0/7", "11.255.0.1", "12.0.0.1"],
    ["192.0.2.128/25", "192.0.2.129", "192.0.2.127"],
    ["192.0.2.1/32", "192.0.2.1", "192.0.2.0"],
    ["192.0.2.1", "::ffff:192.0.2.1", "::192.0.2.1"],
    ["2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"],
    ["::1", "0:0:0:0:0:0:0:1", "::2"],
    ["1::/16", "1:2:3:4:5:6:7:8", "2::"],
    ["128.0.0.0/1", "255.255.255.255", "8000::"],
  ];
  for (const [range, inside, outside] of within) {
    assert.deepEqual([has(range, inside), has(range, outside)], [true, false], range);
  }
  assert.deepEqual(readProxyRange("2001:DB8::/32"), { address: "2001:db8::", bits: 32 });
  const refused = [
    ["", "localhost", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/0", "::/0", "10.0.0.0/8/8"],
    ["::1/129", "10.0.0.0/-1", "10.0.0.0/1e1", "10.0.0.1:80", "[::1]", "::ffff:10.0.0.0/104"],
  ].flat();
  for (const text of refused) {
    assert.throws(() => readProxyRange(text), { code: "invalid-argument" }, text);
  }
});
