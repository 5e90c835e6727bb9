import type { Comparison } from "../support/comparison.ts";
import { type BenchOptions, memory, rates, start, together } from "./measure.ts";
import { NETWORKS } from "./networks.ts";
import type { Work } from "./peer.ts";

/** A comparison with what it should reach. */
export interface Judged extends Comparison {
  /** How often this project should be better, at least. */
  readonly goal?: number;
}

/** A part of the benchmark that can be run alone. */
export type Row = (options: BenchOptions) => Promise<Judged[]>;

/** Examples of the example's network: 156 steps, a tenth of CIFAR-10. */
const EXAMPLES = 4_992;

function work(network: string, threads: number, examples = EXAMPLES): Work {
  const { batch } = NETWORKS[network.replace(/^dp-/, "")]!;
  return { network, threads, examples, batch };
}

function plural(threads: number): string {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}

function training(name: string, threads: number, goal: number): Row {
  return async (options) => [{
    measure: `${name}, ${plural(threads)}`,
    unit: "examples/s",
    better: "more",
    goal,
    values: await rates(options, work("example", threads)),
  }];
}

/** Another network, with one thread and with two. */
function other(network: string, name: string, examples: number, goal: number): Row {
  return async (options) => {
    const judged: Judged[] = [];
    for (const threads of [1, 2]) {
      judged.push({
        measure: `${name}, ${plural(threads)}`,
        unit: "examples/s",
        better: "more",
        goal,
        values: await rates(options, work(network, threads, examples)),
      });
    }
    return judged;
  };
}

const evaluation: Row = async (options) => {
  const judged: Judged[] = [];
  for (const threads of [1, 2]) {
    judged.push({
      measure: `evaluation, ${plural(threads)}`,
      unit: "examples/s",
      better: "more",
      goal: 1.8,
      values: await rates(options, work("example", threads), "evaluate"),
    });
  }
  return judged;
};

const twoTrainers: Row = async (options) => {
  const kinds = [
    { side: "flwr", work: work("example", 1) },
    { side: "python", work: work("example", 0) },
    { side: "python", work: work("example", 1) },
  ] as const;
  const [flwr, byDefault, alone] = await together(options, kinds);
  const against = (threads: string, python: readonly number[], goal: number): Judged => ({
    measure: `two trainers at once, PyTorch with ${threads}`,
    unit: "examples/s",
    better: "more",
    goal,
    values: { flwr: flwr!, python },
  });
  return [
    against("its default threads", byDefault!, 6),
    against("1 thread each", alone!, 2.2),
  ];
};

const startUp: Row = async (options) => [{
  measure: "process start to first batch trained",
  unit: "s",
  better: "less",
  goal: 10,
  values: await start(options, work("example", 2, NETWORKS["example"]!.batch)),
}];

const memoryRow: Row = async (options) => [{
  measure: "memory while training 5,000 images",
  unit: "MB",
  better: "less",
  goal: 2.5,
  values: await memory(options, work("example", 1, 5000)),
}];

/** Time per example, with one thread, as the work of a step grows. */
async function growth(
  options: BenchOptions,
  measure: string,
  work: Work,
): Promise<Judged> {
  const { flwr, python } = await rates(options, work);
  const microseconds = (rate: number) => 1e6 / rate;
  return {
    measure,
    unit: "µs",
    better: "less",
    values: { flwr: flwr.map(microseconds), python: python.map(microseconds) },
  };
}

const growthOfBatch: Row = async (options) => {
  const judged: Judged[] = [];
  for (const batch of [8, 16, 32, 64, 128, 256]) {
    const sized = { ...work("example", 1, 5120), batch };
    judged.push(await growth(options, `time per example, batch ${batch}`, sized));
  }
  return judged;
};

const growthOfWidth: Row = async (options) => {
  const judged: Judged[] = [];
  for (const width of [1, 2, 4, 8]) {
    const network = width === 1 ? "example" : `example-x${width}`;
    const wide = work(network, 1, 5120 / width);
    judged.push(await growth(options, `time per example, width × ${width}`, wide));
  }
  return judged;
};

/** DP-SGD against Opacus, with one thread. */
function dp(network: string, name: string, examples: number): Row {
  return async (options) => [{
    measure: `DP-SGD, ${name}, 1 thread, against Opacus`,
    unit: "examples/s",
    better: "more",
    goal: 2,
    values: await rates(options, work(`dp-${network}`, 1, examples)),
  }];
}

/** All rows by the names under which they can be run. */
export const ROWS: Readonly<Record<string, Row>> = {
  "example-2-threads": training("the example's network", 2, 1.9),
  "example-1-thread": training("the example's network", 1, 2),
  "two-trainers": twoTrainers,
  "evaluation": evaluation,
  "start": startUp,
  "memory": memoryRow,
  "mlp": other("mlp", "MLP 784-512-256-10, batch 64", 12_800, 1.2),
  "depthwise": other("depthwise", "depthwise-separable CNN", 640, 1.2),
  "transformer": other("transformer", "transformer encoder", 960, 1.2),
  "resnet20": other("resnet20", "ResNet-20", 640, 1),
  "stem": other("stem", "ResNet-18 stem block", 320, 1),
  "dp-example-cnn": dp("example", "the example's network", EXAMPLES),
  "dp-mlp": dp("mlp", "MLP 784-512-256-10, batch 64", 6_400),
  "dp-transformer": dp("transformer", "transformer encoder", 960),
  "growth-batch": growthOfBatch,
  "growth-width": growthOfWidth,
};
