/**
 * Where the time of a step of training or evaluation goes: ONNX Runtime's own profile, by operator and shape of the
 * result.
 *
 *     deno run -A bench/ml/profile.ts NETWORK [--evaluate | --private] [--threads 1] [--steps 20] [--plain | --no-blocks]
 *
 * NETWORK is one of networks.ts; --plain leaves all optimisations out, --no-blocks those on blocks of channels.
 */
import { Argument, Command, Option } from "commander";
import type { Node } from "../../ml/graph/value.ts";
import { withBlocks } from "../../ml/lower/blocked/with_blocks.ts";
import { type Optimizations, OPTIMIZED, PLAIN } from "../../ml/lower/passes.ts";
import { lowerFreeRows, lowerProgram, startOf, stepsName } from "../../ml/lower/program.ts";
import { crossEntropy, dpSgd, sgd } from "../../ml/mod.ts";
import { LocalEngine } from "../../ml/session/local_engine.ts";
import { loadRuntime, sessionOptions, toRuntime } from "../../ml/session/runtime.ts";
import { blockSize } from "../../ml/train/block_size.ts";
import { mostRowsPerPass, rowsPerPass } from "../../ml/step/poisson.ts";
import { ONLY, type Parts } from "../../ml/train/parts.ts";
import { privateProgram } from "../../ml/train/private_program.ts";
import { evaluationProgram, NAMES, trainingProgram } from "../../ml/train/programs.ts";
import type { TargetSpec } from "../../ml/train/target_spec.ts";
import { reportError } from "../../roles/report_error.ts";
import { arrayConstructor } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { wholeNumber } from "../support/options.ts";
import { NETWORKS } from "./networks.ts";
import { parseProfile, timesTable } from "./operator_times.ts";

/** Number of examples that private batches are drawn from. */
const EXAMPLES = 5_000;

/** Rows of the table; what is left is summed up. */
const ROWS = 12;

interface ProfileFlags {
  threads: number;
  steps: number;
  plain: boolean;
  blocks: boolean;
  evaluate: boolean;
  private: boolean;
}

/** The optimisations that a model of this machine gets. */
async function optimizationsFor(
  { plain, blocks, evaluate, private: isPrivate }: ProfileFlags,
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

async function profile(name: string, flags: ProfileFlags): Promise<void> {
  const { threads, steps, plain, evaluate } = flags;
  const { network, input, batch } = NETWORKS[name]!;
  const optimizations = await optimizationsFor(flags);
  const recipe = {
    network,
    inputs: new Map([[ONLY, input]]),
    losses: new Map([[ONLY, crossEntropy()]]),
    optimizer: sgd({ learningRate: 0.001, momentum: 0.9 }),
  };
  const target: Parts<TargetSpec> = new Map([[ONLY, { dtype: "uint8", shape: [] }]]);
  const variant = { batch, scheduled: false, weighted: false, proximal: false, corrected: false };
  const program = evaluate
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
  await using folder = await TempDir.make();
  const session = await runtime.InferenceSession.create(model, {
    ...sessionOptions(threads),
    enableProfiling: true,
    profileFilePrefix: `${folder.path}/profile`,
  });
  const feeds = Object.fromEntries([
    ...program.state.map(({ input }) =>
      [startOf(input.attributes.name), filled(input, batch)] as const
    ),
    ...program.scanned.map((input) =>
      [stepsName(input.attributes.name), filled(input, batch, steps)] as const
    ),
    ...program.captured.map((input) =>
      [
        input.attributes.name,
        filled(input, batch, input.attributes.freeRows ? batch : undefined),
      ] as const
    ),
  ].map(([name, value]) => [name, toRuntime(runtime, value)]));
  await session.run(feeds);
  session.endProfiling();
  await session.release();
  const [file] = [...Deno.readDirSync(folder.path)];
  const times = parseProfile(await Deno.readTextFile(`${folder.path}/${file!.name}`));
  const what = `${steps} steps of ${evaluate ? "evaluation" : "training"}`;
  console.log(`${name}, ${threads} thread(s), ${plain ? "plain" : "optimised"}, ${what}`);
  console.log(timesTable(times, steps, ROWS).join("\n"));
}

try {
  await new Command("profile")
    .description("Show where the time of a step of training or evaluation goes.")
    .addArgument(new Argument("<network>", "what to train").choices(Object.keys(NETWORKS)))
    .addOption(new Option("--threads <n>", "threads").argParser(wholeNumber(1)).default(1))
    .addOption(new Option("--steps <n>", "steps to run").argParser(wholeNumber(1)).default(20))
    .option("--evaluate", "of evaluation instead of training", false)
    .option("--private", "of training by DP-SGD", false)
    .option("--plain", "without any optimisation", false)
    .option("--no-blocks", "without operators on blocks of channels")
    .exitOverride()
    .action(profile)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
