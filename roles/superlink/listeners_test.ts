import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { DEFAULT_FLAGS, type SuperLinkFlags } from "./flags.ts";
import { readListeners } from "./listeners.ts";

function read(flags: Partial<SuperLinkFlags>) {
  return readListeners({ ...DEFAULT_FLAGS, ...flags });
}

function refusal(flags: Partial<SuperLinkFlags>): FlwrError {
  try {
    read(flags);
  } catch (error) {
    if (error instanceof FlwrError) return error;
  }
  return assert.fail(`${JSON.stringify(flags)} is taken`);
}

Deno.test("APIs without authentication stay on this machine unless a flag allows more", () => {
  for (const api of ["driver", "control"] as const) {
    for (const address of ["0.0.0.0:7", "[::]:7", "superlink.example:7"]) {
      const flags = { [`${api}ApiAddress`]: address };
      const error = refusal(flags);
      assert.match(error.message, new RegExp(`${api} API has no authentication`), address);
      assert.ok(error.message.includes(address));
      assert.match(error.hints.join(" "), new RegExp(`--${api}-api-allow-remote`));
      assert.equal(read({ ...flags, [`${api}ApiAllowRemote`]: true })[api], address);
    }
    for (const address of ["127.0.0.1:0", "localhost:7", "[::1]:7"]) {
      assert.equal(read({ [`${api}ApiAddress`]: address })[api], address);
    }
  }
});

Deno.test("HTTP and gRPC for SuperNodes may listen anywhere", () => {
  const { http, fleet } = read({ host: "0.0.0.0", fleetApiAddress: "[::]:9092" });
  assert.deepEqual([http, fleet], ["0.0.0.0:8000", "[::]:9092"]);
  assert.equal(read({ host: "::1", port: "8443" }).http, "[::1]:8443");
  assert.equal(read({ healthServerAddress: "0.0.0.0:9999" }).health, "0.0.0.0:9999");
});

Deno.test("each listener can be switched off, but not all of those for SuperNodes", () => {
  assert.deepEqual(
    read({ port: "none", controlApiAddress: "none", driverApiAddress: "none" }),
    { fleet: "127.0.0.1:9092" },
  );
  assert.equal(read({ fleetApiAddress: "none" }).fleet, undefined);
  assert.match(refusal({ port: "none", fleetApiAddress: "none" }).message, /No SuperNode can/);
});

Deno.test("the error for a malformed address names its flag", () => {
  assert.match(refusal({ fleetApiAddress: "nonsense" }).message, /^--fleet-api-address: /);
  assert.match(refusal({ controlApiAddress: "a" }).message, /^--control-api-address: /);
  assert.match(refusal({ driverApiAddress: "a:99999" }).message, /^--driver-api-address: /);
  assert.match(refusal({ healthServerAddress: ":1" }).message, /^--health-server-address: /);
  assert.match(refusal({ port: "http" }).message, /^--host and --port: /);
  assert.match(refusal({ host: "a b" }).message, /^--host and --port: /);
});

Deno.test("two listeners on one port are refused before one fails", () => {
  const clash = refusal({ port: "9092" });
  assert.match(clash.message, /--port and --fleet-api-address use the same port: 9092/);
  assert.match(clash.hints.join(" "), /--fleet-api-address none/);
  refusal({ host: "0.0.0.0", port: "9091" });
  refusal({ fleetApiAddress: "localhost:9091" });
  assert.doesNotThrow(() => read({ host: "192.0.2.7", port: "9092" }));
  const free = { port: "0", fleetApiAddress: "127.0.0.1:0", controlApiAddress: "127.0.0.1:0" };
  assert.doesNotThrow(() => read(free));
});
