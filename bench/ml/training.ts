/**
 * The example's network, batch 32: images per second of training and of evaluation, optimised and plain graphs and
 * PyTorch taking turns. The ratio is the median of the ratios of neighbouring turns.
 *
 *   deno run -A bench/ml/training.ts [--threads 1] [--rounds 7] [--images 4992] [--torch PYTHON]
 *
 * PYTHON is an interpreter that has PyTorch; without it PyTorch is left out.
 */
import { parseArgs } from "node:util";
import { type Optimizations, OPTIMIZED, PLAIN } from "../../ml/lower/passes.ts";
import { tensor } from "../../tensor/tensor.ts";
import { exampleModel, formulaDataset } from "../../tests/ml/example_network.ts";
import { type Contestant, TorchPeer } from "./peer.ts";

const { values: flags } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "7" },
    images: { type: "string", default: "4992" },
    torch: { type: "string" },
  },
});
const [threads, rounds, images] = [flags.threads, flags.rounds, flags.images].map(Number) as [
  number,
  number,
  number,
];

const data = formulaDataset(images);

function ours(name: string, optimizations: Optimizations): Contestant {
  const model = exampleModel({ optimizations, threads });
  const own = { x: tensor("uint8", data.x.shape, data.x.data), y: data.y };
  const rate = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return images / (performance.now() - start) * 1000;
  };
  return {
    name,
    train: () => rate(() => model.fit(own)),
    evaluate: () => rate(() => model.evaluate(own)),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

const contestants: Contestant[] = [ours("optimised", OPTIMIZED), ours("plain", PLAIN)];
if (flags.torch !== undefined) {
  contestants.push(await TorchPeer.start(flags.torch, threads, images));
}
try {
  for (const work of ["train", "evaluate"] as const) {
    const rates = contestants.map((): number[] => []);
    for (let round = -1; round < rounds; round++) {
      for (const [i, contestant] of contestants.entries()) {
        const rate = await contestant[work]();
        if (round >= 0) rates[i]!.push(rate); // The first turn warms up.
      }
    }
    console.log(
      `\n${work}, ${threads} thread(s), images/s    best   median   optimised is faster by`,
    );
    contestants.forEach(({ name }, i) => {
      const own = rates[i]!;
      const ratio = median(own.map((rate, round) => rates[0]![round]! / rate));
      const columns = [Math.max(...own), median(own)].map((rate) => rate.toFixed(0).padStart(8));
      console.log(`${name.padEnd(34)} ${columns.join(" ")}   ${ratio.toFixed(2)}×`);
      console.log(JSON.stringify({
        bench: "ml/training",
        work,
        threads,
        contestant: name,
        best: Math.max(...own),
        median: median(own),
        ratio,
      }));
    });
  }
} finally {
  for (const contestant of contestants) await contestant[Symbol.asyncDispose]();
}
