/**
 * This project's side of `deno task bench ml`: `flwr_peer.ts NETWORK THREADS EXAMPLES BATCH` says `ready`, then answers
 * lines `train` and `evaluate` with examples per second. 0 threads leave the default. The examples are bytes, as data
 * sets have them: gathering and normalising them is part of the time.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { crossEntropy, type Dataset, Model, sgd } from "../../ml/mod.ts";
import { sharedArray } from "../../ml/data/shared_array.ts";
import { elementCount, tensor } from "../../tensor/tensor.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { NETWORKS } from "./networks.ts";

/** Most bytes that crypto.getRandomValues gives at once. */
const RANDOM_BYTES = 65_536;

/**
 * Random bytes, repeated, and labels, in shared memory, where data sets from files are too. What is in them does not
 * change the time.
 */
function randomData(examples: number, shape: readonly number[]): Dataset {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const pixels = sharedArray("uint8", examples * elementCount(shape));
  pixels.forEach((_, i) => pixels[i] = random[i % RANDOM_BYTES]!);
  const labels = sharedArray("uint8", examples);
  labels.forEach((_, i) => labels[i] = random[i % RANDOM_BYTES]! % 10);
  return {
    x: tensor("uint8", [examples, ...shape], pixels),
    y: tensor("uint8", [examples], labels),
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
