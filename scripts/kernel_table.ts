/**
 * Writes `ml/lower/kernel_table.ts`: for which types ONNX Runtime has a kernel of each operator, found out by trying.
 * Run it again when onnxruntime-node changes: `deno run -A scripts/kernel_table.ts`.
 */
import { hasKernel, PROBED_OPERATORS } from "../ml/testing/kernel_probe.ts";
import { LocalEngine } from "../ml/session/local_engine.ts";
import { DTYPES } from "../tensor/dtype.ts";

const file = new URL("../ml/lower/kernel_table.ts", import.meta.url);
await using engine = await LocalEngine.create(1);
const rows: string[] = [];
for (const op of PROBED_OPERATORS) {
  const types: string[] = [];
  for (const dtype of DTYPES) if (await hasKernel(engine, op, dtype)) types.push(dtype);
  rows.push(`  ${op}: [${types.map((dtype) => `"${dtype}"`).join(", ")}],`);
}
await Deno.writeTextFile(
  file,
  `// Written by scripts/kernel_table.ts: change nothing here.
import type { DType } from "../../tensor/dtype.ts";
import type { Operator } from "../onnx/operators.ts";

/** Types that ONNX Runtime has a kernel for, by operator; operators that are not here are used on float32 only. */
export const KERNEL_TYPES: Readonly<Partial<Record<Operator, readonly DType[]>>> = {
${rows.join("\n")}
};
`,
);
await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", file.pathname] }).output();
