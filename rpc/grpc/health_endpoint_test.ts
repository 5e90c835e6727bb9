import assert from "node:assert/strict";
import { Health, HealthCheckResponse_ServingStatus } from "../../proto/gen/health/health_pb.ts";
import { openChannel } from "./channel.ts";
import { startHealth } from "./health_endpoint.ts";
import { NO_RETRY } from "../retry.ts";

Deno.test("a health server tells health and nothing else", async () => {
  const server = await startHealth("127.0.0.1:0");
  const channel = openChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  const { response } = await channel.call(Health.method.check, {});
  assert.equal(response.status, HealthCheckResponse_ServingStatus.SERVING);
  await assert.rejects(channel.call(Health.method.check, { service: "flwr.proto.Fleet" }), {
    code: "not-found",
  });
  channel.close();
  await server[Symbol.asyncDispose]();
});
