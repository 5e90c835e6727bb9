/**
 * This project's side of `deno task bench accuracy`: `flwr_peer.ts SEED EPOCHS THREADS` prints, after each epoch over
 * CIFAR-10's training images, the share of test images that are told right.
 */
import { loadCifar10 } from "../../ml/data/cifar10/load.ts";
import { crossEntropy, Model, sgd } from "../../ml/mod.ts";
import { NETWORKS } from "../ml/networks.ts";

const [seed, epochs, threads] = Deno.args.map(Number) as [number, number, number];
const { network, input } = NETWORKS["example"]!;
const { train, test } = await loadCifar10();
await using model = new Model({
  network,
  input: { ...input, normalize: { mean: 0.5, deviation: 0.5 } },
  loss: crossEntropy(),
  optimizer: sgd({ learningRate: 0.001, momentum: 0.9 }),
  batchSize: 32,
  seed,
  threads,
});
for (let epoch = 0; epoch < epochs; epoch++) {
  await model.fit(train, { seed: seed * epochs + epoch });
  console.log((await model.evaluate(test)).accuracy);
}
