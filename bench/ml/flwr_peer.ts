/**
 * This project's side of `deno task bench ml`: `flwr_peer.ts NETWORK THREADS EXAMPLES BATCH` says `ready`, then answers
 * lines `train` and `evaluate` with examples per second. 0 threads leave the default. The examples are bytes, as data
 * sets have them: gathering and normalising them is part of the time. With the name dp-NETWORK it trains by DP-SGD.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { crossEntropy, type Dataset, dpSgd, Model, sgd, tensor } from "flwr";
import { load } from "../../base/load.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { exampleNetwork } from "./example_network.ts";

/** Bytes in memory that threads share. */
function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** Most bytes that crypto.getRandomValues gives at once. */
const RANDOM_BYTES = 65_536;

/**
 * Random bytes, repeated, and labels, in shared memory, where data sets from files are too. What is in them does not
 * change the time.
 */
function randomData(examples: number, shape: readonly number[]): Dataset {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const pixels = sharedBytes(examples * shape.reduce((product, size) => product * size, 1));
  pixels.forEach((_, i) => pixels[i] = random[i % RANDOM_BYTES]!);
  const labels = sharedBytes(examples);
  labels.forEach((_, i) => labels[i] = random[i % RANDOM_BYTES]! % 10);
  return {
    x: tensor("uint8", [examples, ...shape], pixels),
    y: tensor("uint8", [examples], labels),
  };
}

/** The others use more than apps do, and so the sources. */
async function otherNetwork(name: string) {
  const { NETWORKS } = await load<typeof import("./networks.ts")>(
    new URL("./networks.ts", import.meta.url),
  );
  return NETWORKS[name]!;
}

const [given, ...numbers] = Deno.args;
const name = given!.replace(/^dp-/, "");
const privacy = name === given ? undefined : dpSgd({ clip: 1, noiseMultiplier: 1 });
const [threads, examples, batchSize] = numbers.map(Number) as [number, number, number];
const { network, input } = name === "example" ? exampleNetwork(1) : await otherNetwork(name);
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
  await (line === "train" ? model.fit(data, { privacy }) : model.evaluate(data));
  console.log(examples / seconds());
}
