import { FlwrError } from "../../base/error.ts";
import type { Rule } from "./graph/call.ts";
import type { OnnxNode } from "./graph/graph.ts";
import { activationRules } from "./rules/activation.ts";
import { classicRules } from "./rules/classic.ts";
import { convolutionRules } from "./rules/convolution.ts";
import { einsumRules } from "./rules/einsum.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { indexingRules } from "./rules/indexing.ts";
import { linearRules } from "./rules/linear.ts";
import { movementRules } from "./rules/movement.ts";
import { normalizationRules } from "./rules/normalization.ts";
import { paddingRules } from "./rules/padding.ts";
import { poolingRules } from "./rules/pooling.ts";
import { reductionRules } from "./rules/reduction.ts";
import { resizeRules } from "./rules/resize.ts";
import { shapeRules } from "./rules/shapes.ts";

const RULES: ReadonlyMap<string, Rule> = new Map([
  activationRules,
  classicRules,
  convolutionRules,
  einsumRules,
  elementwiseRules,
  indexingRules,
  linearRules,
  movementRules,
  normalizationRules,
  paddingRules,
  poolingRules,
  reductionRules,
  resizeRules,
  shapeRules,
].flatMap((rules) => Object.entries(rules)));

/** Names of all operators that have a rule, in alphabetical order. */
export function supportedOperators(): string[] {
  return [...RULES.keys()].sort();
}

/**
 * The rule of a node's operator.
 *
 * @throws FlwrError "unimplemented" that names the node and lists the supported operators
 */
export function ruleOf({ op, name }: OnnxNode): Rule {
  const rule = RULES.get(op);
  if (rule !== undefined) return rule;
  throw new FlwrError(
    "unimplemented",
    `Node "${name}" of the ONNX graph uses an operator that is not supported: "${op}"`,
    { hints: [`Supported are: ${supportedOperators().join(", ")}`] },
  );
}
