/** What one account can follow at a time. */
import assert from "node:assert/strict";
import { Control } from "../../../proto/gen/current/control_pb.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import { MAX_ACCOUNT_STREAMS } from "../../../rpc/dialects/current/server/account_streams.ts";
import { NO_RETRY } from "../../../rpc/retry.ts";
import { federation } from "./account_federation.ts";

Deno.test("an account follows only some logs and runs at a time, and others are not held up", async () => {
  await using federated = await federation();
  const { fab } = federated;
  const [mine, admin] = await Promise.all([
    federated.client("researcher"),
    federated.client("admin"),
  ]);
  const { runId } = await mine.startRun({ fab, overrideConfig: new ConfigRecord() });
  const channel = await federated.channel("researcher");
  using ending = new DisposableStack();
  const follow = (nth: number) => {
    const abort = new AbortController();
    ending.defer(() => abort.abort());
    const options = { retry: NO_RETRY, signal: abort.signal };
    const stream: AsyncIterable<unknown> = nth % 2 === 0
      ? channel.stream(Control.method.streamLogs, { runId, partBytes: 1n }, options)
      : channel.stream(Control.method.streamRunEvents, { runId }, options);
    return stream[Symbol.asyncIterator]().next();
  };
  await Promise.all(Array.from({ length: MAX_ACCOUNT_STREAMS }, (_, nth) => follow(nth)));
  for (const nth of [0, 1]) await assert.rejects(follow(nth), { code: "resource-exhausted" });
  assert.ok((await admin.runEvents(runId))!.length > 0);
  await mine.stopRun(runId);
});
