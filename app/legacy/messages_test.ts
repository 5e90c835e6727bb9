import assert from "node:assert/strict";
import { ArrayRecord } from "../array_record.ts";
import { ClientApp } from "../client_app.ts";
import { ConfigRecord } from "../config_record.ts";
import { MetricRecord } from "../metric_record.ts";
import { NdArray } from "../nd_array.ts";
import { RecordDict } from "../record_dict.ts";
import { instruction } from "../testing.ts";
import {
  arrayNames,
  fromLegacyReplyMessage,
  toLegacyInstructions,
  translateAtNode,
} from "./messages.ts";

const npy = new NdArray({
  dtype: "",
  shape: [],
  stype: "numpy.ndarray",
  data: new Uint8Array([1]),
});
const context = {
  runId: 7n,
  nodeId: 5n,
  nodeConfig: new ConfigRecord(),
  state: new RecordDict(),
  runConfig: new ConfigRecord(),
};
const app = new ClientApp().train((message) => ({
  arrays: message.content.arrayRecord("arrays"),
  metrics: new MetricRecord({ "num-examples": message.content.configRecord("config").number("n") }),
}));

Deno.test("a ClientApp can answer an older ServerApp", async () => {
  const legacy = new RecordDict({
    "fitins.parameters": new ArrayRecord({ "0": npy }),
    "fitins.config": new ConfigRecord({ n: 3 }),
  });
  const node = translateAtNode(instruction({}, legacy));
  const reply = node.reply(await app.handle(node.instruction, context));
  assert.deepEqual([...reply.content.keys()], [
    "fitres.parameters",
    "fitres.num_examples",
    "fitres.metrics",
    "fitres.status",
  ]);
  assert.equal(reply.content.metricRecord("fitres.num_examples").get("num_examples"), 3);
  assert.equal(reply.metadata.replyToMessageId, "m1");
});

Deno.test("errors and current content stay unchanged", () => {
  const current = instruction({}, new RecordDict({ arrays: new ArrayRecord({ "0": npy }) }));
  const node = translateAtNode(current);
  assert.equal(node.instruction, current);
  const reply = current.reply({ arrays: new ArrayRecord() });
  assert.equal(node.reply(reply), reply);
  const legacy = translateAtNode(
    instruction({}, new RecordDict({ "fitins.config": new ConfigRecord() })),
  );
  const error = legacy.instruction.replyError(2, "boom");
  assert.equal(legacy.reply(error), error);
});

Deno.test("instructions that share their content share its translation", () => {
  const content = new RecordDict({
    arrays: new ArrayRecord({ w: npy }),
    config: new ConfigRecord(),
  });
  const [a, b, c] = toLegacyInstructions([
    instruction({ dstNodeId: 5n }, content),
    instruction({ dstNodeId: 6n }, content),
    instruction({ dstNodeId: 7n, messageType: "evaluate" }, content),
  ]);
  assert.equal(a!.content, b!.content);
  assert.deepEqual([...a!.content.keys()], ["fitins.parameters", "fitins.config"]);
  assert.deepEqual([...c!.content.keys()], ["evaluateins.parameters", "evaluateins.config"]);
});

Deno.test("a reply gets the names of its instruction's arrays, or becomes an error", () => {
  const sent = instruction({}, new RecordDict({ arrays: new ArrayRecord({ w: npy }) }));
  const reply = sent.reply({ "fitres.parameters": new ArrayRecord({ "0": npy }) });
  const current = fromLegacyReplyMessage(reply, arrayNames(sent));
  assert.deepEqual([...current.content.arrayRecord("arrays").keys()], ["w"]);
  const refused = sent.reply({ "fitres.status": new ConfigRecord({ code: 3, message: "no fit" }) });
  const error = fromLegacyReplyMessage(refused);
  assert.equal(error.error?.reason, "Client answered with status FIT_NOT_IMPLEMENTED: no fit");
  assert.equal(error.metadata, refused.metadata);
  assert.equal(arrayNames(instruction({}, new RecordDict())), undefined);
});
