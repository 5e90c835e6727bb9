/**
 * Examples per second of training and of evaluation: optimised graphs, plain graphs and PyTorch taking turns. A ratio is
 * the median of the ratios of neighbouring turns.
 *
 *   deno run -A bench/ml/training.ts [--network example] [--threads 1] [--rounds 7] [--examples 4992] [--torch PYTHON]
 *
 * Networks: see networks.ts. PYTHON is an interpreter that has PyTorch; without it PyTorch is left out.
 */
import { parseArgs } from "node:util";
import { type Optimizations, OPTIMIZED, PLAIN } from "../../ml/lower/passes.ts";
import { crossEntropy, type Dataset, Model, sgd } from "../../ml/mod.ts";
import { elementCount, tensor } from "../../tensor/tensor.ts";
import { NETWORKS } from "./networks.ts";
import { type Contestant, TorchPeer } from "./peer.ts";

const { values: flags } = parseArgs({
  options: {
    network: { type: "string", default: "example" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "7" },
    examples: { type: "string", default: "4992" },
    torch: { type: "string" },
  },
});
const threads = Number(flags.threads);
const rounds = Number(flags.rounds);
const examples = Number(flags.examples);
const { network, input, batch } = NETWORKS[flags.network]!;

/** Random bytes and labels: what is in them does not change the time. */
function randomData(): Dataset {
  const pixels = new Uint8Array(examples * elementCount(input.shape));
  const limit = 65_536; // Of crypto.getRandomValues.
  for (let at = 0; at < pixels.length; at += limit) {
    crypto.getRandomValues(pixels.subarray(at, at + limit));
  }
  return {
    x: tensor("uint8", [examples, ...input.shape], pixels),
    y: tensor("uint8", [examples], pixels.slice(0, examples).map((pixel) => pixel % 10)),
  };
}

function ours(name: string, optimizations: Optimizations, data: Dataset): Contestant {
  const model = new Model({
    network,
    input,
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.001, momentum: 0.9 }),
    batchSize: batch,
    threads,
    optimizations,
  });
  const rate = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return examples / (performance.now() - start) * 1000;
  };
  return {
    name,
    train: () => rate(() => model.fit(data)),
    evaluate: () => rate(() => model.evaluate(data)),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

function report(work: string, names: readonly string[], rates: readonly (readonly number[])[]) {
  console.log(`\n${flags.network}, ${work}, ${threads} thread(s)`);
  console.log(`${"examples/s".padEnd(12)}     best   median   optimised is faster by`);
  names.forEach((contestant, i) => {
    const own = rates[i]!;
    const ratio = median(own.map((rate, round) => rates[0]![round]! / rate));
    const [best, middle] = [Math.max(...own), median(own)];
    const columns = [best, middle].map((rate) => rate.toFixed(0).padStart(8)).join(" ");
    console.log(`${contestant.padEnd(12)} ${columns}   ${ratio.toFixed(2)}×`);
    const line = { network: flags.network, work, threads, contestant, best, median: middle, ratio };
    console.log(JSON.stringify({ bench: "ml/training", ...line }));
  });
}

const data = randomData();
const contestants: Contestant[] = [ours("optimised", OPTIMIZED, data), ours("plain", PLAIN, data)];
try {
  if (flags.torch !== undefined) {
    contestants.push(await TorchPeer.start(flags.torch, flags.network, threads, examples));
  }
  for (const work of ["train", "evaluate"] as const) {
    const rates = contestants.map((): number[] => []);
    for (let round = -1; round < rounds; round++) {
      for (const [i, contestant] of contestants.entries()) {
        const rate = await contestant[work]();
        if (round >= 0) rates[i]!.push(rate); // The first turn warms up.
      }
    }
    report(work, contestants.map(({ name }) => name), rates);
  }
} finally {
  for (const contestant of contestants) await contestant[Symbol.asyncDispose]();
}
