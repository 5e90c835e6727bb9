import { arrayRules } from "./array_rules.ts";
import { convolutionRules } from "./convolution_rules.ts";
import { elementwiseRules } from "./elementwise_rules.ts";
import type { GradientRules } from "./rule.ts";

/** The gradient rule of each primitive. */
export const GRADIENT_RULES: GradientRules = {
  input: () => [],
  constant: () => [],
  ...elementwiseRules,
  ...arrayRules,
  ...convolutionRules,
};
