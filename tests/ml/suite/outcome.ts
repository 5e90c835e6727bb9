import { FlwrError } from "../../../base/error.ts";
import { realTensor } from "../../../ml/import/graph/real_tensor.ts";
import { MODEL } from "../../../ml/onnx/message/types.ts";
import { type Optimizations, PLAIN } from "../../../ml/lower/passes.ts";
import type { Engine } from "../../../ml/engine/engine.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { tensorProto } from "../import/onnx_file.ts";
import { prepareWhole, runPrepared } from "./whole_file.ts";
import type { SuiteCase } from "./suite_case.ts";

/** What became of a case: `raw` is an error that is not ours, `wrong` another result without a word. */
export interface Outcome {
  readonly kind: "pass" | "refused" | "raw" | "wrong";
  /** What was said, or how the result differs. */
  readonly detail: string;
}

/** How close numbers must be: as in ONNX's own runner. */
const RELATIVE = 1e-3;
/** The same where the file says bfloat16, which has 8 bits: everything is computed in float32. */
const RELATIVE_BFLOAT16 = 2 ** -7;
/** What float32 instead of float64 costs near zero. */
const ABSOLUTE = 1e-5;

function isClose(a: number, b: number, relative: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= ABSOLUTE + relative * Math.abs(b);
}

/** How a result differs from what is due; undefined when it does not. */
export function differs(got: Tensor, due: Tensor, relative = RELATIVE): string | undefined {
  const expected = realTensor(due);
  if (got.dtype !== expected.dtype) return `${got.dtype} instead of ${expected.dtype}`;
  if (got.shape.join() !== expected.shape.join()) return `[${got.shape}] instead of [${due.shape}]`;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [got.data[i]!, expected.data[i]!];
    if (a === b || isClose(Number(a), Number(b), relative)) continue;
    return `${a} instead of ${b} at ${i} of [${got.shape}]`;
  }
  return undefined;
}

/** The same case with all inputs but one in the file, so that what follows from them is known. */
export function withKnownInputs(one: SuiteCase): SuiteCase | undefined {
  const [first, ...others] = Object.keys(one.inputs);
  if (first === undefined || others.length === 0) return undefined;
  const model = MODEL.decode(one.file);
  const { graph } = model;
  graph!.input = graph!.input.filter(({ name }) => !others.includes(name));
  graph!.initializer.push(...others.map((name) => tensorProto(name, one.inputs[name]!)));
  return {
    ...one,
    name: `${one.name}, other inputs known`,
    file: MODEL.encode(model),
    inputs: { [first]: one.inputs[first]! },
  };
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Reads a case's file as a network and has it computed. */
export async function outcomeOf(
  engine: Engine,
  { file, inputs, outputs, brains }: SuiteCase,
  optimizations: Optimizations = PLAIN,
): Promise<Outcome> {
  let prepared;
  try {
    prepared = prepareWhole(file, inputs, Object.keys(outputs), optimizations);
  } catch (error) {
    const isOurs = error instanceof FlwrError && error.code !== "internal";
    return { kind: isOurs ? "refused" : "raw", detail: said(error) };
  }
  try {
    const results = await runPrepared(engine, prepared);
    for (const [i, [name, due]] of Object.entries(outputs).entries()) {
      const relative = brains.has(name) ? RELATIVE_BFLOAT16 : RELATIVE;
      const difference = differs(results[i]!, due, relative);
      if (difference !== undefined) return { kind: "wrong", detail: `"${name}": ${difference}` };
    }
    return { kind: "pass", detail: "" };
  } catch (error) {
    return { kind: "raw", detail: said(error) };
  }
}
