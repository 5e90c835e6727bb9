import assert from "node:assert/strict";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { DirectChannel } from "../testing/direct_channel.ts";
import { FakeSuperLink } from "../testing/fake_superlink.ts";
import { ControlClient } from "./control_client.ts";
import { execChannel } from "./exec_channel.ts";

Deno.test("exec channel: a SuperLink with only the Exec API can be used", async () => {
  await using superlink = await FakeSuperLink.start();
  const channel = new DirectChannel(superlink.exec);
  const submission = {
    fab: { content: new Uint8Array(4), hash: "" },
    overrideConfig: new ConfigRecord({ rounds: 5 }),
  };
  const today = new ControlClient(channel, superlink.clock);
  await assert.rejects(today.startRun(submission), { code: "unimplemented" });

  const client = new ControlClient(execChannel(channel), superlink.clock);
  const { runId } = await client.startRun(submission);
  assert.equal((await client.getRun(runId)).run.status, "pending");
  await client.stopRun(runId);
  assert.equal((await client.getRun(runId)).run.status, "finished");
  assert.ok(channel.calls.slice(1).every((path) => path.startsWith("/flwr.proto.Exec/")));
  await assert.rejects(client.listNodes(), { code: "unimplemented" }, "it had no nodes then");
});
