import { OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { type Outcome, outcomeOf, withKnownInputs } from "./outcome.ts";
import { isClaimed, isRandom, readCase } from "./suite_case.ts";

/** Parts of the suite, as `write_suite.py` lays them out. */
const PARTS = ["node", "simple", "pytorch-converted", "pytorch-operator"] as const;

/** What became of a case of the suite. */
export interface SuiteResult extends Outcome {
  readonly name: string;
}

/** Runs all cases below the suite's data folder whose operators the importer claims, each in all its forms. */
export async function runSuite(data: string): Promise<SuiteResult[]> {
  await using engine = await LocalEngine.create(1);
  const results: SuiteResult[] = [];
  for (const part of PARTS) {
    const names = [...Deno.readDirSync(`${data}/${part}`)]
      .filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
    for (const name of names) {
      const one = readCase(`${data}/${part}/${name}`);
      if (one === undefined || !isClaimed(one.file) || isRandom(one)) continue;
      const known = withKnownInputs(one);
      for (const form of known === undefined ? [one] : [one, known]) {
        for (const optimizations of [PLAIN, OPTIMIZED]) {
          const optimized = optimizations === OPTIMIZED ? ", optimised" : "";
          const outcome = await outcomeOf(engine, form, optimizations);
          results.push({ name: `${part}/${form.name}${optimized}`, ...outcome });
        }
      }
    }
  }
  return results;
}

/** How many cases came to what. */
export function countsOf(results: readonly SuiteResult[]): Record<Outcome["kind"], number> {
  const counts = { pass: 0, refused: 0, raw: 0, wrong: 0 };
  for (const { kind } of results) counts[kind]++;
  return counts;
}

if (import.meta.main) {
  const results = await runSuite(Deno.args[0]!);
  for (const { kind, name, detail } of results) {
    if (kind !== "pass") console.log(kind, name, detail);
  }
  console.log(countsOf(results));
}
