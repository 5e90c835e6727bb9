/**
 * The ServerApp of `bench scale --only memory`: one round of training with all online nodes, in a process of its own.
 *
 *     deno run -A averaging_app.ts STRATEGY SUPERLINK ROOT_CERTIFICATES NODES MODEL_BYTES MAX_HELD_BYTES
 *
 * Prints what it held before the round and at most, in bytes, as JSON.
 */
import { ArrayRecord } from "../../app/array_record.ts";
import { Grid } from "../../app/grid.ts";
import { MetricRecord } from "../../app/metric_record.ts";
import { RecordDict } from "../../app/record_dict.ts";
import { FedAvg, type FedAvgOptions } from "../../app/strategy/fedavg.ts";
import type { Postprocessor } from "../../app/strategy/postprocessor/postprocessor.ts";
import { adamRule } from "../../app/strategy/rule/adaptive.ts";
import { replaceRule } from "../../app/strategy/rule/server_rule.ts";
import { acquireTask } from "../../rpc/dialects/current/client/acquire_task.ts";
import { RuntimeClient } from "../../rpc/dialects/current/client/runtime_client.ts";
import { RuntimeConnection } from "../../rpc/dialects/current/client/runtime_connection.ts";
import { TaskSession } from "../../rpc/dialects/current/client/task_session.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { zeroArrays } from "../load/light_model.ts";
import { readMemory } from "../support/process_facts.ts";

const [strategyName, address, authority, nodes, bytes, maxHeldBytes] = Deno.args as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const rootCertificates = await Deno.readTextFile(authority);
const channel = openHttpChannel({ address, tls: { rootCertificates } });
const task = await acquireTask(channel, ["flwr-serverapp"]);
if (task === undefined) throw new Error("The SuperLink has no run that waits");
const client = new RuntimeClient(channel, task.token);
await using session = await TaskSession.begin(client);

/** Light nodes reply with a model only. Each node has another number of examples. */
let examples = 600;
const counted: Postprocessor = {
  decode: (content) =>
    new RecordDict([...content, ["metrics", new MetricRecord({ "num-examples": examples++ })]]),
};
const options: FedAvgOptions = {
  minTrainNodes: Number(nodes),
  minAvailableNodes: Number(nodes),
  fractionEvaluate: 0,
  maxHeldBytes: Number(maxHeldBytes),
};
const rule = strategyName === "FedAdam" ? adamRule() : replaceRule();
const strategy = new FedAvg(options, { rule, postprocessors: [counted] });
const grid = new Grid(new RuntimeConnection(client, task.runId), task.runId);
const before = (await readMemory(Deno.pid))!.resident;
const start = performance.now();
const { rounds } = await strategy.start(grid, {
  numRounds: 1,
  initialArrays: ArrayRecord.fromTensors(zeroArrays(Number(bytes))),
  timeout: 600,
});
const { peak } = (await readMemory(Deno.pid))!;
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ before, peak, seconds, results: rounds[0]!.train!.results.length }));
await session.finish("completed");
channel.close();
