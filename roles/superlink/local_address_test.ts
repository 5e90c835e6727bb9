import assert from "node:assert/strict";
import type { HostName } from "../../certs/host.ts";
import { localAddress } from "./local_address.ts";

const dns = (value: string): HostName => ({ type: "dns", value });
const ip = (value: string): HostName => ({ type: "ip", value });

Deno.test("a listener's local address is one that its certificate names", () => {
  const cases: [string, HostName[] | undefined, string][] = [
    ["127.0.0.1:8000", undefined, "127.0.0.1:8000"],
    ["0.0.0.0:8000", undefined, "127.0.0.1:8000"],
    ["[::]:8000", undefined, "127.0.0.1:8000"],
    ["[::1]:8000", undefined, "[::1]:8000"],
    ["192.0.2.7:8000", undefined, "192.0.2.7:8000"],
    ["127.0.0.1:8000", [dns("localhost"), ip("127.0.0.1")], "127.0.0.1:8000"],
    ["127.0.0.1:8000", [dns("localhost")], "localhost:8000"],
    ["0.0.0.0:8000", [dns("superlink.example")], "superlink.example:8000"],
    ["192.0.2.7:8000", [ip("192.0.2.7")], "192.0.2.7:8000"],
    ["192.0.2.7:8000", [ip("192.0.2.8")], "192.0.2.7:8000"],
  ];
  for (const [listening, hosts, expected] of cases) {
    assert.equal(localAddress(listening, hosts), expected, `${listening} ${JSON.stringify(hosts)}`);
  }
});
