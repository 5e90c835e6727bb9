/** ONNX's backend suite: all of it in the nightly run, and a recorded part of it every day. */
import assert from "node:assert/strict";
import { supportedOperators } from "../../../ml/import/operators.ts";
import { OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { NIGHTLY } from "../../support/nightly.ts";
import { TempDir } from "../../support/tempdir.ts";
import { outcomeOf, withKnownInputs } from "./outcome.ts";
import { recordedCases } from "./recorded_part.ts";
import { countsOf, runSuite } from "./run_suite.ts";
import { NO_PYTHON, onnxPython, writeSuite } from "./written_suite.ts";

/** Fewest cases that pass: those of the day on which this was written, in all their forms. */
const PASSED = 3_100;

const python = NIGHTLY ? await onnxPython() : undefined;
if (NIGHTLY && python === undefined) console.log(NO_PYTHON);

Deno.test({
  name: "ONNX's backend suite: right or refused in words, whatever operators are claimed",
  ignore: python === undefined,
  fn: async () => {
    await using folder = await TempDir.make();
    await writeSuite(python!, folder.path);
    const results = await runSuite(folder.path);
    const counts = countsOf(results);
    console.log(counts);
    const faults = results.filter(({ kind }) => kind === "raw" || kind === "wrong");
    assert.deepEqual(faults.map(({ kind, name, detail }) => `${kind} ${name}: ${detail}`), []);
    assert.ok(counts.pass >= PASSED, `only ${counts.pass} pass`);
  },
});

for (const one of recordedCases()) {
  Deno.test(`of ONNX's backend suite: ${one.name}`, async () => {
    await using engine = await LocalEngine.create(1);
    const known = withKnownInputs(one);
    const kinds: string[] = [];
    for (const form of known === undefined ? [one] : [one, known]) {
      for (const optimizations of [PLAIN, OPTIMIZED]) {
        const { kind, detail } = await outcomeOf(engine, form, optimizations);
        assert.ok(kind === "pass" || kind === "refused", `${form.name}: ${kind}, ${detail}`);
        kinds.push(kind);
      }
    }
    assert.ok(kinds.includes("pass"), `${one.name} is refused in all its forms`);
  });
}

Deno.test("the recorded part has a case of every operator that the suite has one of", () => {
  const recorded = new Set(recordedCases().flatMap(({ operators }) => operators));
  const missing = supportedOperators().filter((op) => !recorded.has(op));
  assert.deepEqual(missing, NOT_RECORDED);
});

/** Operators that no case of the suite passes with: others' tests have them. */
const NOT_RECORDED = [
  "ReduceProd",
  "ai.onnx.ml.LinearClassifier",
  "ai.onnx.ml.LinearRegressor",
  "ai.onnx.ml.Normalizer",
  "ai.onnx.ml.Scaler",
];
