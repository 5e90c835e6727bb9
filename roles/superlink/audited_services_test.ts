import assert from "node:assert/strict";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { openChannel } from "../../rpc/grpc/channel.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { type AuditRecord, readRecord } from "../audit/record.ts";
import { verifyFiles } from "../audit/verify_files.ts";
import { readSuperLinkConfig } from "./config.ts";
import { DEFAULT_FLAGS, type SuperLinkFlags } from "./flags.ts";
import { startSuperLink } from "./start.ts";

const FLAGS: SuperLinkFlags = {
  ...DEFAULT_FLAGS,
  insecure: true,
  database: ":memory:",
  port: "0",
  fleetApiAddress: "127.0.0.1:0",
  controlApiAddress: "127.0.0.1:0",
  driverApiAddress: "none",
};

const HEADERS = { "content-type": "application/protobuf" };

async function start(flags: Partial<SuperLinkFlags>) {
  return await startSuperLink(await readSuperLinkConfig({ ...FLAGS, ...flags }));
}

/** The records of a verified log. */
async function recordsOf(...files: string[]): Promise<AuditRecord[]> {
  assert.deepEqual((await verifyFiles(files)).faults, []);
  return files.flatMap((file) => Deno.readTextFileSync(file).trim().split("\n"))
    .map((line) => readRecord(line)!.record);
}

function shown({ event, actor, status, error }: AuditRecord): string {
  const { action } = event;
  return [action, status, actor.description, actor.ip_address, error].filter(Boolean).join(" ");
}

Deno.test("calls of each API and transport are recorded, refused ones once", async () => {
  await inTemporaryFolder(async (folder) => {
    const auditLog = `${folder}/audit.log`;
    {
      await using superLink = await start({ auditLog });
      const { http, control, fleet } = superLink.listeners;
      for (
        const channel of [
          openHttpChannel({ address: http!, tls: "insecure" }),
          openChannel({ address: control!, tls: "insecure" }),
        ]
      ) {
        const client = new ControlClient(channel);
        await assert.rejects(client.stopRun(5n), { code: "not-found" });
        client.close();
      }
      const nodes = openChannel({ address: fleet!, tls: "insecure" });
      // Several services share this path, and only the last of their refusals counts.
      const call = nodes.call(Fleet.method.pullMessages, {});
      await assert.rejects(call, { code: "unauthenticated" });
      nodes.close();
      const damaged = await fetch(`http://${http}/v1/control/stop-run`, {
        method: "POST",
        headers: HEADERS,
        body: "damaged",
      });
      assert.equal(damaged.status, 400);
      await damaged.body?.cancel();
      await fetch(`http://${http}/v1/control/get-login-details`, {
        method: "POST",
        headers: HEADERS,
      })
        .then((response) => response.body?.cancel());
    }
    assert.deepEqual((await recordsOf(auditLog)).map(shown), [
      "AuditLog.Started completed SuperLink",
      "ControlServicer.StopRun started none 127.0.0.1",
      "ControlServicer.StopRun failed none 127.0.0.1 run-not-found",
      "ControlServicer.StopRun started none 127.0.0.1",
      "ControlServicer.StopRun failed none 127.0.0.1 run-not-found",
      "FleetServicer.PullMessages failed SuperNode 127.0.0.1 unauthenticated",
      "ControlServicer.StopRun failed unknown 127.0.0.1 invalid-argument",
      "AuditLog.Stopped completed SuperLink",
    ]);
  });
});

Deno.test("the caller of a trusted proxy is recorded, and nobody else's word counts", async () => {
  await inTemporaryFolder(async (folder) => {
    for (const trustedProxy of [["127.0.0.1/32"], []]) {
      const auditLog = `${folder}/audit.log.${trustedProxy.length}`;
      {
        await using superLink = await start({
          auditLog,
          trustedProxy,
          controlApiAllowRemote: true,
        });
        const response = await fetch(`http://${superLink.listeners.http}/v1/control/list-runs`, {
          method: "POST",
          headers: { ...HEADERS, "x-forwarded-for": "198.51.100.4" },
        });
        await response.body?.cancel();
      }
      const records = await recordsOf(auditLog);
      const expected = trustedProxy.length > 0 ? "198.51.100.4" : "127.0.0.1";
      const actions = records.filter(({ event }) => event.action === "ControlServicer.ListRuns");
      assert.deepEqual(actions.map(({ actor }) => actor.ip_address), [expected, expected]);
    }
  });
});

Deno.test("a restarted SuperLink continues its chain, also after its file was moved", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await inTemporaryFolder(async (folder) => {
    const auditLog = `${folder}/audit.log`;
    for (let i = 0; i < 2; i++) {
      await using superLink = await start({ auditLog });
      if (i > 0) {
        await Deno.rename(auditLog, `${folder}/audit.log.moved`);
        await superLink.reload();
      }
      await assert.rejects(start({ auditLog }), { code: "failed-precondition" });
    }
    const records = await recordsOf(`${folder}/audit.log.moved`, auditLog);
    assert.deepEqual(records.map(({ event }) => event.action), [
      "AuditLog.Started",
      "AuditLog.Stopped",
      "AuditLog.Started",
      "AuditLog.Reopened",
      "AuditLog.Stopped",
    ]);
  });
});

Deno.test("the flags of the audit log that exclude each other are refused", async () => {
  const database = "postgres://flwr@127.0.0.1/flwr";
  for (
    const flags of [
      { auditLogFleetCalls: true },
      { auditLog: "" },
      { auditLog: "stdout", processes: 2, database },
    ]
  ) {
    const read = readSuperLinkConfig({ ...FLAGS, ...flags });
    await assert.rejects(read, { code: "invalid-argument", message: /^--audit-log/ });
  }
});
