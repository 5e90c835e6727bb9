import assert from "node:assert/strict";
import { testCertificates } from "../testing/certificates.ts";
import { OwnHosts } from "./own_hosts.ts";

const own = [
  "localhost",
  "LOCALHOST:8000",
  "localhost.:8000",
  "127.0.0.1",
  "127.0.0.1:8000",
  "10.1.2.3:80",
  "[::1]:8000",
  "[fe80::1%eth0]:8000",
  "superlink",
  "my_superlink:8000",
  "app.localhost",
  "superlink.fl.svc.cluster.local",
  "vm.internal:8000",
];

const foreign = [
  "",
  "evil.example",
  "evil.example:8000",
  "127.0.0.1.evil.example",
  "localhost.evil.example",
  "evillocal.example",
  "256.0.0.1",
  "[::1",
  "[localhost]",
  "localhost, evil.example",
  "localhost/x",
  "localhost?x",
  "localhost#x",
  "evil.example@localhost",
  "localhost:99999x",
  "local host",
  "\xff",
  `${"a".repeat(300)}`,
];

Deno.test("own hosts: addresses, names of one label and of private domains", () => {
  const hosts = new OwnHosts();
  for (const host of own) assert.equal(hosts.has(host), true, host);
});

Deno.test("own hosts: names that anyone could register, and invalid hosts, are refused", () => {
  const hosts = new OwnHosts({ names: ["superlink.example.org"] });
  for (const host of foreign) assert.equal(hosts.has(host), false, host);
});

Deno.test("own hosts: names given by the owner, or any name", () => {
  const hosts = new OwnHosts({ names: ["SuperLink.example.org"] });
  assert.equal(hosts.has("superlink.example.org:443"), true);
  assert.equal(hosts.has("superlink.EXAMPLE.org."), true);
  assert.equal(hosts.has("other.example.org"), false);
  const any = new OwnHosts({ names: ["*"] });
  assert.equal(any.has("evil.example"), true);
  assert.equal(any.has("evil.example/x"), false);
});

Deno.test("own hosts: the names of the certificate, wildcards too", async () => {
  const { cert } = await testCertificates(["superlink.example.org", "*.fl.example.org"]);
  const hosts = new OwnHosts({ certificate: cert });
  assert.equal(hosts.has("superlink.example.org:8000"), true);
  assert.equal(hosts.has("a.fl.example.org"), true);
  assert.equal(hosts.has("a.b.fl.example.org"), false);
  assert.equal(hosts.has("example.org"), false);
});

Deno.test("own hosts: the cache of requested hosts is bounded", () => {
  const hosts = new OwnHosts({ names: ["superlink.example.org"] });
  for (let i = 0; i < 1000; i++) assert.equal(hosts.has(`evil${i}.example`), false);
  assert.equal(hosts.has("superlink.example.org"), true);
});
