/**
 * Makes docs/operators.md: the ONNX operators that a network in a file may have.
 *
 *     deno task docs
 */
import { supportedOperators } from "../../ml/import/operators.ts";

/** The page, before the formatter has it. */
export function operatorsPage(): Promise<string> {
  const names = supportedOperators();
  return Promise.resolve(`# ONNX operators

A network in an ONNX file ([how to train it](../README.md#your-own-onnx-file)) may contain these
${names.length} operators, for operator sets 7 to 28. All of them have gradients, where the operator is differentiable.
Their results and gradients are compared with ONNX Runtime, and with the tests of ONNX itself.

${names.map((name) => `\`${name}\``).join(", ")}

\`deno task docs\` generates this page, and a test compares it with the code.
`);
}
