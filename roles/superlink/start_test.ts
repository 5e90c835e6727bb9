import assert from "node:assert/strict";
import { writePem } from "../../auth/pem.ts";
import { FlwrError } from "../../base/error.ts";
import { Health, HealthCheckResponse_ServingStatus } from "../../proto/gen/health/health_pb.ts";
import { openChannel } from "../../rpc/grpc/channel.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { readSuperLinkConfig } from "./config.ts";
import { DEFAULT_FLAGS, type SuperLinkFlags } from "./flags.ts";
import { startSuperLink } from "./start.ts";

/** Free ports of this machine, without TLS. */
const FLAGS: SuperLinkFlags = {
  ...DEFAULT_FLAGS,
  insecure: true,
  database: ":memory:",
  port: "0",
  fleetApiAddress: "127.0.0.1:0",
  controlApiAddress: "127.0.0.1:0",
  driverApiAddress: "127.0.0.1:0",
  healthServerAddress: "127.0.0.1:0",
};

Deno.test("every listener serves its API over one domain, and all are closed at the end", async () => {
  await using superLink = await startSuperLink(await readSuperLinkConfig(FLAGS));
  const { listeners } = superLink;
  assert.deepEqual(Object.keys(listeners).sort(), ["control", "driver", "fleet", "health", "http"]);

  const health = await fetch(`http://${listeners.http}/health`);
  assert.deepEqual([health.status, await health.text()], [200, ""]);
  for (const name of ["health", "fleet", "control", "driver"] as const) {
    const channel = openChannel({ address: listeners[name]!, tls: "insecure" });
    const { response } = await channel.call(Health.method.check, { service: "" });
    assert.equal(response.status, HealthCheckResponse_ServingStatus.SERVING, name);
    channel.close();
  }
  const http = new ControlClient(openHttpChannel({ address: listeners.http!, tls: "insecure" }));
  const grpc = new ControlClient(openChannel({ address: listeners.control!, tls: "insecure" }));
  const algorithm = { name: "ECDSA", namedCurve: "P-384" };
  const { publicKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  const publicKeyPem = writePem("PUBLIC KEY", spki);
  const nodeId = await http.registerNode({ publicKeyPem });
  assert.deepEqual((await grpc.listNodes()).items.map((node) => node.nodeId), [nodeId]);
  http.close();
  grpc.close();
});

Deno.test("the error for a port in use names its flag, and nothing else stays open", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const cases: [Partial<SuperLinkFlags>, RegExp][] = [
    [{ port: String(port) }, /^--port: Cannot listen on/],
    [{ controlApiAddress: `127.0.0.1:${port}` }, /^--control-api-address: Cannot listen on/],
    [{ healthServerAddress: `127.0.0.1:${port}` }, /^--health-server-address: Cannot listen on/],
  ];
  for (const [flags, message] of cases) {
    const config = await readSuperLinkConfig({ ...FLAGS, ...flags });
    await assert.rejects(startSuperLink(config), (error) => {
      assert.ok(error instanceof FlwrError, String(error));
      assert.match(error.message, message);
      assert.match(error.hints.join(" "), /another port.*none/);
      return true;
    });
  }
});
