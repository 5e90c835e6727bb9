import assert from "node:assert/strict";
import { settle } from "../../base/testing/settle.ts";
import { FlwrError } from "../../base/error.ts";
import { readOpenMetrics } from "../../telemetry/testing/read_openmetrics.ts";
import { writeExposition } from "../../telemetry/exposition.ts";
import { NodeMetrics } from "./node_metrics.ts";
import { echo, FakeFleet, instruction, pass, start } from "./testing/fake_fleet.ts";

Deno.test("a node's metrics tell of its membership, its work and its failures", async () => {
  const fleet = new FakeFleet();
  using metrics = new NodeMetrics();
  const read = (name: string, labels = "") => {
    const families = readOpenMetrics(writeExposition(metrics.metrics, "openmetrics"));
    const samples = [...families.values()].flatMap(({ samples }) => samples);
    return samples.find((sample) =>
      sample.name === name && Object.values(sample.labels).join(" ") === labels
    )?.value;
  };
  assert.equal(read("flwr_supernode_joined"), 0);
  let isBusy: number | undefined;
  const { clock, controller, ended } = start(fleet, (message, context, signal) => {
    isBusy = read("flwr_supernode_busy");
    if (message.metadata.messageId === "bad") throw new FlwrError("internal", "cannot");
    return echo(message, context, signal);
  }, { onEvent: (event) => metrics.onEvent(event) });
  fleet.give(instruction("good"), instruction("bad"));
  await fleet.replied(2);
  await settle();
  assert.equal(isBusy, 1);
  assert.equal(read("flwr_supernode_busy"), 0);
  assert.equal(read("flwr_supernode_joined"), 1);
  await pass(clock, 30);
  assert.equal(read("flwr_supernode_heartbeats_total", "sent"), 1);
  fleet.heartbeatAnswer = () => Promise.reject(new FlwrError("internal", "away"));
  await pass(clock, 30);
  assert.ok(read("flwr_supernode_heartbeats_total", "failed")! > 0);
  controller.abort();
  fleet.give();
  await ended;
  assert.equal(read("flwr_supernode_joins_total"), 1);
  assert.equal(read("flwr_supernode_joined"), 0);
  const events = (event: string) => read("flwr_supernode_instructions_total", `${event} train`);
  assert.deepEqual(["received", "answered", "failed"].map(events), [2, 1, 1]);
  assert.equal(read("flwr_supernode_replies_total", "sent"), 2);
  assert.equal(read("flwr_supernode_app_duration_seconds_count", "train"), 2);
  assert.equal(typeof read("flwr_supernode_last_contact_timestamp_seconds"), "number");
});
