import { FlwrError } from "../../base/error.ts";
import { findRowMixing } from "../graph/rows.ts";
import { input, type Node } from "../graph/value.ts";
import { connect } from "./connect.ts";
import { inputType, prepareInput } from "./input_spec.ts";
import type { Recipe } from "./programs.ts";

/**
 * Examples per step of an evaluation. Small networks are measured to be fastest at 32 to 96, depending on how large the
 * processor's cache is; larger ones at 16 to 32, where what passes between layers stays in the cache.
 */
const EVALUATION_BATCH = 32;

/** Most examples at once of a network whose outputs depend on which examples come together. */
const MAX_MIXED_EXAMPLES = 4096;

/** Two odd batch sizes, neither of which is a likely length of anything else. */
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

/** What of a network's examples depends on others, as a name for messages; undefined when nothing does. */
function mixingOf(recipe: Recipe): string | undefined {
  try {
    const [graph, other] = SIZES.map((size) => applied(recipe, size));
    return findRowMixing(graph!, other!)?.primitive;
  } catch (error) {
    // It takes no batch of such a size: it may take the given one.
    if (error instanceof FlwrError && error.code !== "internal") return "its fixed shapes";
    throw error;
  }
}

const found = new WeakMap<Recipe, { readonly mixing: string | undefined }>();

/**
 * How many examples a network gets at once when it is evaluated. Where each example's output depends on that example
 * alone, they come in batches, the last of which is filled up; otherwise all of them are one batch.
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
    `The network's outputs depend on which examples come together (by "${known.mixing}"): ` +
      `at most ${MAX_MIXED_EXAMPLES} examples at once, got ${examples}`,
    {
      hints: [
        "Give fewer examples at once",
        "Export batch normalisation with running statistics, and no shape that follows the batch",
      ],
    },
  );
}
