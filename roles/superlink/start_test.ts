import assert from "node:assert/strict";
import { writePem } from "../../auth/pem.ts";
import { FlwrError } from "../../base/error.ts";
import { Health, HealthCheckResponse_ServingStatus } from "../../proto/gen/health/health_pb.ts";
import { openChannel } from "../../rpc/grpc/channel.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { RawConnection } from "../../rpc/testing/raw_http.ts";
import { readOpenMetrics } from "../../telemetry/testing/read_openmetrics.ts";
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

Deno.test("a SuperLink that stops says so first, and answers the calls in progress", async () => {
  const superLink = await startSuperLink(await readSuperLinkConfig(FLAGS));
  const { http, health } = superLink.listeners;
  const monitor = openChannel({ address: health!, tls: "insecure" });
  const status = async () => (await monitor.call(Health.method.check, {})).response.status;
  const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;
  assert.equal(await status(), SERVING);
  using asked = await RawConnection.open(http!);
  const look = `GET /health HTTP/1.1\r\nHost: ${http}\r\n\r\n`;
  await asked.write(look);
  assert.match(await asked.read(), /^HTTP\/1.1 200 /);
  // A call whose request arrives slowly: two bytes of a message without known fields.
  using slow = await RawConnection.open(http!);
  await slow.write(
    `POST /v1/control/list-runs HTTP/1.1\r\nHost: ${http}\r\n` +
      `Content-Type: application/protobuf\r\nContent-Length: 2\r\n\r\nz`,
  );
  await asked.write(look);
  assert.match(await asked.read(), /^HTTP\/1.1 200 /);

  const stopped = superLink[Symbol.asyncDispose]();
  await asked.write(look);
  assert.match(await asked.read(), /^HTTP\/1.1 503 [^]*flwr-health: stopping/);
  assert.equal(await status(), NOT_SERVING);
  await assert.rejects(RawConnection.open(http!), "it accepts no more");
  await slow.writeBytes(new Uint8Array([0]));
  assert.match(await slow.readToEnd(), /^HTTP\/1.1 200 [^]*connection: close/);
  await stopped;
  monitor.close();
});

Deno.test("a SuperLink that stops waits for calls in progress no longer than --drain-timeout", async () => {
  const flags = { ...FLAGS, drainTimeout: 0 };
  const superLink = await startSuperLink(await readSuperLinkConfig(flags));
  const { http } = superLink.listeners;
  using silent = await RawConnection.open(http!);
  await silent.write(
    `POST /v1/control/list-runs HTTP/1.1\r\nHost: ${http}\r\n` +
      "Content-Type: application/protobuf\r\nContent-Length: 3\r\n\r\n",
  );
  assert.equal((await fetch(`http://${http}/health`)).status, 200);
  // Without a limit, this would wait for the rest of the request.
  await superLink[Symbol.asyncDispose]();
});

Deno.test("a caller through a trusted proxy cannot pass for one of this machine", async () => {
  const flags = { ...FLAGS, trustedProxy: ["127.0.0.1"] };
  await using superLink = await startSuperLink(await readSuperLinkConfig(flags));
  await using other = await startSuperLink(await readSuperLinkConfig(FLAGS));
  const ask = async (headers: Record<string, string>, { listeners } = superLink) => {
    const response = await fetch(`http://${listeners.http}/v1/control/list-runs`, {
      method: "POST",
      headers: { "content-type": "application/protobuf", ...headers },
      body: new Uint8Array(),
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await ask({}), 200);
  assert.equal(await ask({ "x-forwarded-for": "127.0.0.1" }), 200);
  assert.equal(await ask({ "x-forwarded-for": "203.0.113.9" }), 403);
  assert.equal(await ask({ "x-forwarded-for": "127.0.0.1, 203.0.113.9" }), 403);
  assert.equal(await ask({ "x-forwarded-for": "203.0.113.9", forwarded: "for=127.0.0.1" }), 403);
  assert.equal(await ask({ "x-forwarded-for": "127.0.0.1, localhost" }), 400);
  assert.equal(await ask({ "x-forwarded-for": "203.0.113.9" }, other), 200);
});

Deno.test("with an address for metrics, calls and what they store are measured", async () => {
  const config = await readSuperLinkConfig({ ...FLAGS, metricsAddress: "127.0.0.1:0" });
  await using superLink = await startSuperLink(config);
  const { listeners } = superLink;
  for (const open of [openHttpChannel, openChannel]) {
    const address = open === openChannel ? listeners.control! : listeners.http!;
    const control = new ControlClient(open({ address, tls: "insecure" }));
    await control.listRuns({ limit: 1 }).catch(() => {});
    await control.stopRun(7n).catch(() => {});
    control.close();
  }
  const response = await fetch(`http://${listeners.metrics}/metrics`, {
    headers: { accept: "application/openmetrics-text" },
  });
  const families = readOpenMetrics(await response.text());
  const calls = families.get("flwr_calls")!.samples;
  assert.deepEqual(
    calls.filter(({ labels: { api } }) => api === "control")
      .map(({ labels: { code }, value }) => [code, value]),
    [["ok", 2], ["not-found", 2]],
  );
  assert.deepEqual(families.get("flwr_nodes")!.samples.map(({ value }) => value), [0, 0, 0, 0, 0]);
  assert.ok(families.get("flwr_store_transactions")!.samples.length > 0);
  // The metrics are nowhere else.
  const elsewhere = await fetch(`http://${listeners.http}/metrics`);
  assert.equal(elsewhere.status, 404);
  await elsewhere.text();
});
