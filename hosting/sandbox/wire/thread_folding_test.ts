import assert from "node:assert/strict";
import { ArrayRecord } from "../../../app/array_record.ts";
import { Message } from "../../../app/message.ts";
import { MetricRecord } from "../../../app/metric_record.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import { FoldMemory } from "../../../app/strategy/fold/fold_memory.ts";
import { recordDictToPlain, toTransferable } from "../../../app/transferable.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { SharedArrays } from "./shared_arrays.ts";
import { ThreadFolding } from "./thread_folding.ts";

/** An event with a reply of some weight, and a model whose elements all have one value. */
function replyOf(value: number, weight: number) {
  const arrays = ArrayRecord.fromTensors({
    w: tensor("float32", [2000], new Float32Array(2000).fill(value)),
  });
  const metrics = new MetricRecord({ "num-examples": weight, loss: 0.5 });
  const content = new RecordDict([["arrays", arrays], ["metrics", metrics]]);
  const message = Message.create({ content, dstNodeId: 5n, messageType: "train" });
  return { kind: "reply", message: toTransferable(message), state: [] } as const;
}

Deno.test("a thread adds replies to the fold that it was told last, in the memory of another thread", () => {
  const sent = ArrayRecord.fromTensors({ w: tensor("float32", [2000], new Float32Array(2000)) });
  const memories = [0, 1].map(() => new FoldMemory(sent.viewTensors()));
  const plan = { replies: 3, contract: { weightedByKey: "num-examples" }, weights: "own" } as const;
  const shared = new SharedArrays();
  const folds = memories.map(({ memory }) => ({
    plan,
    memory,
    sent: shared.share(recordDictToPlain(new RecordDict([["", sent]])), { atOnce: true }),
  }));
  const folding = new ThreadFolding();
  const fold = (command: object, value: number, weight: number) => {
    folding.expect(command);
    return folding.fold(replyOf(value, weight));
  };

  const first = fold({ folds: true, fold: folds[0] }, 1, 3);
  assert.deepEqual(first.message.content!.map(([name]) => name), ["metrics"]);
  assert.ok("weight" in first.folded! && first.folded.weight === 3);
  const whole = fold({}, 7, 1);
  assert.deepEqual(whole.message.content!.map(([name]) => name), ["arrays", "metrics"]);
  assert.equal(whole.folded, undefined);
  const refused = fold({ folds: true }, NaN, 1);
  assert.ok("refused" in refused.folded!);
  assert.deepEqual(refused.message.content!.map(([name]) => name), ["metrics"]);
  fold({ folds: true }, 5, 1);
  fold({ folds: true, fold: folds[1] }, 9, 1);

  const means = memories.map((memory) => {
    memory.close();
    return { count: memory.count, mean: memory.mean().get("w")!.data[1999] };
  });
  assert.deepEqual(means, [{ count: 2, mean: 2 }, { count: 1, mean: 9 }]);
});
