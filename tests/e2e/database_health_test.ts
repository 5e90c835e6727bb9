/** Health checks of a SuperLink that cannot reach its database. */
import assert from "node:assert/strict";
import { CuttingProxy } from "../../link/store/postgres/testing/cutting_proxy.ts";
import { Health, HealthCheckResponse_ServingStatus } from "../../proto/gen/health/health_pb.ts";
import { readSuperLinkConfig } from "../../roles/superlink/config.ts";
import { DEFAULT_FLAGS } from "../../roles/superlink/flags.ts";
import { startSuperLink } from "../../roles/superlink/start.ts";
import { openChannel } from "../../rpc/grpc/channel.ts";
import { eventually } from "../support/deadline.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { postgresTest } from "../support/postgres.ts";

const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;

/** Seconds within which a health check must change. */
const CHANGE_SECONDS = 60;

/** What goes wrong with the connection to the database, and how it ends. */
const FAULTS: Record<string, [(proxy: CuttingProxy) => void, (proxy: CuttingProxy) => void]> = {
  refused: [(proxy) => proxy.stop(), (proxy) => proxy.start()],
  // Silent connections are like those of a network that is cut.
  ...(NIGHTLY && { silent: [(proxy) => proxy.hold(), (proxy) => proxy.release()] }),
};

for (const [name, [begin, end]] of Object.entries(FAULTS)) {
  postgresTest(
    `health checks fail while the database is ${name}, and not after it`,
    async (target) => {
      await using proxy = CuttingProxy.to(target);
      const config = await readSuperLinkConfig({
        ...DEFAULT_FLAGS,
        insecure: true,
        database: ":memory:",
        port: "0",
        fleetApiAddress: "none",
        controlApiAddress: "none",
        driverApiAddress: "none",
        healthServerAddress: "127.0.0.1:0",
      });
      await using superLink = await startSuperLink({
        ...config,
        database: { kind: "postgres", target: { ...target, port: proxy.port } },
      });
      const { http, health } = superLink.listeners;
      const channel = openChannel({ address: health!, tls: "insecure" });
      const watched: number[] = [];
      const watching = (async () => {
        for await (const { status } of channel.stream(Health.method.watch, { service: "" })) {
          watched.push(status);
        }
      })().catch(() => {});
      const look = async () => {
        const response = await fetch(`http://${http}/health`);
        await response.body?.cancel();
        return [response.status, response.headers.get("flwr-health")];
      };
      const becomes = (status: number) =>
        eventually(async () => (await look())[0] === status, CHANGE_SECONDS, `status ${status}`);
      await eventually(() => watched.length === 1, CHANGE_SECONDS, "the first state");
      assert.deepEqual(await look(), [200, "ok"]);

      begin(proxy);
      await becomes(503);
      assert.deepEqual(await look(), [503, "not-ready"]);
      const { response } = await channel.call(Health.method.check, { service: "" });
      assert.equal(response.status, NOT_SERVING);
      end(proxy);
      await becomes(200);
      await eventually(() => watched.length === 3, CHANGE_SECONDS, "the third state");
      assert.deepEqual(watched, [SERVING, NOT_SERVING, SERVING]);
      channel.close();
      await watching;
    },
  );
}
