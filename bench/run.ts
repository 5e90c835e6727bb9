/**
 * Runs benchmarks, one after the other:
 *
 *     deno task bench [name…] [argument…]
 *
 *     deno task bench --compare [REV] [--quick]
 *
 * Without a name all of them, as they are by default. Arguments go to every one that is named;
 * `deno task bench job --help` shows those of the job. With `--compare` this version and an earlier one are measured in
 * turns: bench/compare/main.ts.
 */
import { ExitStatus } from "../roles/flags/exit_status.ts";
import { reportError } from "../roles/report_error.ts";
import { repositoryPath } from "../tests/support/repository.ts";
import { parseSelection, type Selection } from "./support/selection.ts";

/** The benchmarks' programs by name. */
const BENCHES: Readonly<Record<string, string>> = {
  job: "bench/job/main.ts",
  roles: "bench/roles/main.ts",
  ml: "bench/ml/main.ts",
  accuracy: "bench/accuracy/main.ts",
  current: "bench/current/main.ts",
  scale: "bench/scale/main.ts",
  aggregation: "bench/aggregation/main.ts",
  secagg: "bench/secagg/main.ts",
  simulation: "bench/simulation/main.ts",
};

function selection(): Selection {
  try {
    return parseSelection(Deno.args, Object.keys(BENCHES));
  } catch (error) {
    reportError(error);
    Deno.exit(ExitStatus.usage);
  }
}

async function run(file: string, args: readonly string[]): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", repositoryPath(file), ...args],
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}

if (Deno.args[0] === "--compare") {
  await run("bench/compare/main.ts", Deno.args.slice(1));
} else {
  const { names, args } = selection();
  for (const name of names) await run(BENCHES[name]!, args);
}
