/**
 * This project's side of `deno task bench ml`: `flwr_peer.ts NETWORK THREADS EXAMPLES BATCH` says `ready`, then answers
 * lines `train` and `evaluate` with examples per second. 0 threads leave the default. The examples are bytes, as data
 * sets have them: gathering and normalising them is part of the time.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { crossEntropy, type Dataset, Model, sgd } from "../../ml/mod.ts";
import { elementCount, tensor } from "../../tensor/tensor.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { NETWORKS } from "./networks.ts";

/** Most bytes that crypto.getRandomValues gives at once. */
const RANDOM_BYTES = 65_536;

/** Random bytes and labels: what is in them does not change the time. */
function randomData(examples: number, shape: readonly number[]): Dataset {
  const pixels = new Uint8Array(examples * elementCount(shape));
  for (let at = 0; at < pixels.length; at += RANDOM_BYTES) {
    crypto.getRandomValues(pixels.subarray(at, at + RANDOM_BYTES));
  }
  return {
    x: tensor("uint8", [examples, ...shape], pixels),
    y: tensor("uint8", [examples], pixels.slice(0, examples).map((pixel) => pixel % 10)),
  };
}

const [name, ...numbers] = Deno.args;
const [threads, examples, batchSize] = numbers.map(Number) as [number, number, number];
const { network, input } = NETWORKS[name!]!;
const data = randomData(examples, input.shape);
await using model = new Model({
  network,
  input,
  loss: crossEntropy(),
  optimizer: sgd({ learningRate: 0.001, momentum: 0.9 }),
  batchSize,
  threads: threads === 0 ? undefined : threads,
});
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const seconds = stopwatch();
  await (line === "train" ? model.fit(data) : model.evaluate(data));
  console.log(examples / seconds());
}
