import { FlwrError } from "../../base/error.ts";
import { findRowMixing } from "../graph/rows.ts";
import { input, type Node } from "../graph/value.ts";
import { connect } from "./connect.ts";
import { inputType, prepareInput } from "./input_spec.ts";
import type { Recipe } from "./programs.ts";

/**
 * Number of examples per step of an evaluation. Small networks were measured to be fastest at 32 to 96, depending on
 * the processor's cache; larger ones at 16 to 32, where the values between layers stay in the cache.
 */
const EVALUATION_BATCH = 32;

/** Most examples in one call to a network whose outputs depend on which examples are in the same batch. */
const MAX_MIXED_EXAMPLES = 4096;

/** Two odd batch sizes that are unlikely lengths of other axes. */
const SIZES = [37, 41] as const;

function applied({ network, inputs }: Recipe, batch: number) {
  const sources = new Map(
    [...inputs].map(([part, spec]) => {
      const name = `rows:${part}`;
      return [part, input(name, inputType(spec), [batch, ...spec.shape]) as Node<"input">];
    }),
  );
  const x = new Map([...inputs].map(([part, spec]) => [
    part,
    prepareInput(sources.get(part)!, spec),
  ]));
  const { output } = connect(network, x);
  return { inputs: [...sources.values()], outputs: [...output.values()] };
}

/** The reason for which outputs depend on other examples, for messages; undefined if they do not. */
function mixingOf(recipe: Recipe): string | undefined {
  try {
    const [graph, other] = SIZES.map((size) => applied(recipe, size));
    return findRowMixing(graph!, other!)?.primitive;
  } catch (error) {
    // The network does not accept batches of this size; it may accept the actual one.
    if (error instanceof FlwrError && error.code !== "internal") return "its fixed shapes";
    throw error;
  }
}

const found = new WeakMap<Recipe, { readonly mixing: string | undefined }>();

/**
 * Number of examples per batch when a network is evaluated. If the output of each example depends only on that example,
 * it is a fixed number, and the last batch is filled up; otherwise all examples form one batch.
 *
 * @throws FlwrError "resource-exhausted" when there are too many for one batch
 */
export function evaluationBatch(recipe: Recipe, examples: number): number {
  let known = found.get(recipe);
  if (known === undefined) found.set(recipe, known = { mixing: mixingOf(recipe) });
  if (known.mixing === undefined) return EVALUATION_BATCH;
  if (examples <= MAX_MIXED_EXAMPLES) return Math.max(1, examples);
  throw new FlwrError(
    "resource-exhausted",
    `The network's outputs depend on which examples are in the same batch (by "${known.mixing}"): ` +
      `at most ${MAX_MIXED_EXAMPLES} examples at once, got ${examples}`,
    {
      hints: [
        "Pass fewer examples per call",
        "Export batch normalisation with running statistics, and no shape that follows the batch",
      ],
    },
  );
}
