import { Argument, Command, Option } from "commander";
import type { InferenceSession } from "onnxruntime-node";
import type { Node } from "../../ml/graph/value.ts";
import { withBlocks } from "../../ml/lower/blocked/with_blocks.ts";
import { type Optimizations, OPTIMIZED, PLAIN } from "../../ml/lower/passes.ts";
import { lowerFreeRows, lowerProgram, startOf, stepsName } from "../../ml/lower/program.ts";
import { crossEntropy, dpSgd, sgd } from "../../ml/mod.ts";
import { flushDenormals } from "../../ml/session/flush_denormals.ts";
import { LocalEngine } from "../../ml/session/local_engine.ts";
import {
  loadRuntime,
  type RuntimeTensor,
  type Session,
  sessionOptions,
  toRuntime,
} from "../../ml/session/runtime.ts";
import { mostRowsPerPass, rowsPerPass } from "../../ml/step/poisson.ts";
import { blockSize } from "../../ml/train/block_size.ts";
import { ONLY, type Parts } from "../../ml/train/parts.ts";
import { privateProgram } from "../../ml/train/private_program.ts";
import { evaluationProgram, NAMES, trainingProgram } from "../../ml/train/programs.ts";
import type { TargetSpec } from "../../ml/train/target_spec.ts";
import { arrayConstructor } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { wholeNumber } from "../support/options.ts";
import { NETWORKS } from "./networks.ts";

/** Number of examples that private batches are drawn from. */
const EXAMPLES = 5_000;

/** What is done in a step, and how. */
export interface StepFlags {
  readonly threads: number;
  /** Steps per run. */
  readonly steps: number;
  /** Examples per step, if not the network's own number. */
  readonly batch?: number;
  readonly momentum: number;
  readonly plain: boolean;
  readonly blocks: boolean;
  readonly evaluate: boolean;
  readonly private: boolean;
}

/** A command that opens the program of a network, with the flags of {@link StepFlags}. */
export function stepCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addArgument(new Argument("<network>", "what to train").choices(Object.keys(NETWORKS)))
    .addOption(new Option("--threads <n>", "threads").argParser(wholeNumber(1)).default(1))
    .addOption(new Option("--steps <n>", "steps of a run").argParser(wholeNumber(1)).default(20))
    .addOption(
      new Option("--batch <n>", "examples per step (default: the network's)")
        .argParser(wholeNumber(1)),
    )
    .addOption(
      new Option("--momentum <x>", "momentum of SGD").argParser(Number).default(0.9),
    )
    .option("--evaluate", "evaluation instead of training", false)
    .option("--private", "training by DP-SGD", false)
    .option("--plain", "without any optimisation", false)
    .option("--no-blocks", "without operators on blocks of channels")
    .exitOverride();
}

/** In words: "20 steps of 32 examples, training". */
export function describeStep(name: string, flags: StepFlags): string {
  const what = flags.evaluate ? "evaluation" : flags.private ? "DP-SGD" : "training";
  return `${name}, batch ${batchOf(name, flags)}, ${what}, ${flags.threads} thread(s)` +
    (flags.plain ? ", plain" : "");
}

function batchOf(name: string, { batch }: StepFlags): number {
  return batch ?? NETWORKS[name]!.batch;
}

/** The optimisations that a model of this machine gets. */
async function optimizationsFor(
  { plain, blocks, evaluate, private: isPrivate }: StepFlags,
): Promise<Optimizations> {
  if (plain) return PLAIN;
  if (!blocks || isPrivate) return OPTIMIZED;
  const startEngine = () => LocalEngine.create(1);
  await using engine = await startEngine();
  const block = await blockSize(engine, startEngine);
  return block === undefined ? OPTIMIZED : withBlocks(OPTIMIZED, block, evaluate);
}

/** An array of an input's form whose every number is the same and small; `rows` in front of it or instead of axis 0. */
function filled(
  { dtype, shape, attributes }: Node<"input">,
  count: number,
  rows?: number,
): Tensor {
  const sizes = attributes.freeRows
    ? [rows!, ...shape.slice(1)]
    : rows === undefined
    ? shape
    : [rows, ...shape];
  const data = new (arrayConstructor(dtype))(elementCount(sizes));
  if (dtype === "float32") data.fill(0.01 as never);
  if (attributes.name === NAMES.count) data.fill(BigInt(count) as never);
  return tensor(dtype, sizes, data) as Tensor;
}

/** A program in a session, with arrays to feed it with. */
export interface OpenProgram {
  readonly session: Session;
  readonly feeds: Readonly<Record<string, RuntimeTensor>>;
}

/** Opens the program of a network in the calling thread. @param options are added to the session's */
export async function openProgram(
  name: string,
  flags: StepFlags,
  options: InferenceSession.SessionOptions = {},
): Promise<OpenProgram> {
  const { network, input } = NETWORKS[name]!;
  const batch = batchOf(name, flags);
  const optimizations = await optimizationsFor(flags);
  const recipe = {
    network,
    inputs: new Map([[ONLY, input]]),
    losses: new Map([[ONLY, crossEntropy()]]),
    optimizer: sgd({ learningRate: 0.001, momentum: flags.momentum }),
  };
  const target: Parts<TargetSpec> = new Map([[ONLY, { dtype: "uint8", shape: [] }]]);
  const variant = { batch, scheduled: false, weighted: false, proximal: false, corrected: false };
  const program = flags.evaluate
    ? evaluationProgram(recipe, target, batch, optimizations)
    : flags.private
    ? privateProgram(recipe, target, {
      ...variant,
      batch: mostRowsPerPass(EXAMPLES, batch),
      fixedBatch: rowsPerPass(EXAMPLES, batch),
      whole: true,
      expected: batch,
      settings: dpSgd({ clip: 1, noiseMultiplier: 1 }),
    }, optimizations)
    : trainingProgram(recipe, target, variant, optimizations);
  const model = program.free === undefined
    ? lowerProgram(program, optimizations.patterns)
    : lowerFreeRows(program, program.free, optimizations.patterns)!;
  const runtime = await loadRuntime();
  flushDenormals();
  const session = await runtime.InferenceSession.create(model, {
    ...sessionOptions(flags.threads),
    ...options,
  });
  const feeds = Object.fromEntries([
    ...program.state.map(({ input }) =>
      [startOf(input.attributes.name), filled(input, batch)] as const
    ),
    ...program.scanned.map((input) =>
      [stepsName(input.attributes.name), filled(input, batch, flags.steps)] as const
    ),
    ...program.captured.map((input) =>
      [
        input.attributes.name,
        filled(input, batch, input.attributes.freeRows ? batch : undefined),
      ] as const
    ),
  ].map(([name, value]) => [name, toRuntime(runtime, value)]));
  return { session, feeds };
}
