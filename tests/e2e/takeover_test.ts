/** A SuperLink is killed while it runs a ServerApp, and another one on its database takes the run over. */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { eventually } from "../support/deadline.ts";
import { startSuperLink } from "../support/flwr.ts";
import { makeApp, NO_COMPONENT } from "../support/make_app.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { asOwner, hasPostgres, postgresServer, queryAsOwner } from "../support/postgres.ts";
import { scenario } from "../support/stage.ts";

/** A ServerApp that waits for ever. */
const SERVER = `
import { ServerApp } from "flwr";
export const app = new ServerApp().main(async (_grid, { runConfig }) => {
  console.log("waits");
  while (runConfig.boolean("wait")) await new Promise((resolve) => setTimeout(resolve, 10));
});`;

scenario(
  "a run of a SuperLink that is killed goes on at another one before its lease has ended",
  async (stage) => {
    const target = await postgresServer();
    const database = `takeover_${crypto.randomUUID().replaceAll("-", "")}`;
    await asOwner(target, `CREATE DATABASE ${database}`);
    const flags = ["--database", `postgres://flwr@127.0.0.1:${target.port}/${database}`];
    const files = { "server.ts": SERVER, "client.ts": NO_COMPONENT };
    const fab = await buildFab(
      await makeApp(stage.path("app"), { name: "waits", files, config: "wait = true" }),
    );
    const first = await startSuperLink({ stage, flags });
    const submitting = new ControlClient(openHttpChannel({ address: first.http, tls: "insecure" }));
    const { runId } = await submitting.startRun({ fab, overrideConfig: new ConfigRecord() });
    submitting.close();
    await first.process.waitForEvent("run-began");
    const second = await startSuperLink({ stage, flags });
    // Once it has seen the first one's session.
    const client = new ControlClient(openHttpChannel({ address: second.http, tls: "insecure" }));
    const stateOf = async () => (await client.getRun(runId)).run;
    const began = (await stateOf()).runningAt;
    const rows = () =>
      queryAsOwner(
        target,
        "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND query LIKE '%pg_locks%'",
        [database],
      );
    await eventually(async () => (await rows()).length >= 2, 60, "both to look at sessions");

    await first.process.end("SIGKILL");
    await second.process.waitForEvent("superlink-ended", { shownBy: "session" });
    await second.process.waitForEvent("run-began");
    assert.equal((await stateOf()).status, "running");
    assert.equal((await stateOf()).runningAt, began, "ELAPSED goes on");
    await client.stopRun(runId);
    await eventually(async () => (await stateOf()).status === "finished", 60, "the run's end");
    client.close();
  },
  { ignore: !NIGHTLY || !hasPostgres() },
);
