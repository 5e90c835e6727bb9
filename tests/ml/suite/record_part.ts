/**
 * Records the part of ONNX's backend suite that is run every day: of each operator the smallest case that passes.
 * `deno run -A tests/ml/suite/record_part.ts FOLDER`, a folder that `write_suite.py` has written.
 */
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { MODEL } from "../../../ml/onnx/message/types.ts";
import { supportedOperators } from "../../../ml/import/operators.ts";
import { outcomeOf, withKnownInputs } from "./outcome.ts";
import { type RecordedCase, tensorText } from "./recorded_part.ts";
import { isClaimed, isRandom, readCase, type SuiteCase } from "./suite_case.ts";

const folder = `${Deno.args[0]}/node`;
const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const cases = names.map((name) => readCase(`${folder}/${name}`)).filter((one) =>
  one !== undefined && isClaimed(one.file) && !isRandom(one) && one.brains.size === 0
) as SuiteCase[];

const texts = (values: SuiteCase["inputs"]) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, tensorText(name, value)]),
  );
const recordedOf = ({ name, file, inputs, outputs }: SuiteCase): RecordedCase => ({
  name,
  model: file.toBase64(),
  inputs: texts(inputs),
  outputs: texts(outputs),
});
const sized = cases.map((one) => {
  const operators = new Set(MODEL.decode(one.file).graph!.node.map(({ opType }) => opType));
  return { one, operators, size: JSON.stringify(recordedOf(one)).length };
}).sort((a, b) => a.size - b.size);

await using engine = await LocalEngine.create(1);
const chosen = new Map<string, SuiteCase>();
for (const op of supportedOperators()) {
  for (const { one, operators } of sized) {
    if (!operators.has(op)) continue;
    const forms = [one, withKnownInputs(one)].filter((form) => form !== undefined);
    const kinds = await Promise.all(
      forms.map(async (form) => (await outcomeOf(engine, form)).kind),
    );
    if (!kinds.includes("pass")) continue;
    chosen.set(one.name, one);
    break;
  }
}
const target = new URL("../../vectors/ml/backend_suite.json", import.meta.url);
const lines = [...chosen.values()].map((one) => JSON.stringify(recordedOf(one)));
await Deno.writeTextFile(target, `[\n${lines.join(",\n")}\n]\n`);
console.log(`${chosen.size} cases`);
