/**
 * Runs benchmarks, one after the other:
 *
 *     deno task bench [name…] [argument…]
 *
 *     deno task bench --compare [REV] [--quick]
 *
 * `deno task bench --help` explains the arguments.
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
  metrics: "bench/metrics/main.ts",
  scale: "bench/scale/main.ts",
  aggregation: "bench/aggregation/main.ts",
  secagg: "bench/secagg/main.ts",
  simulation: "bench/simulation/main.ts",
};

const USAGE = `Usage: deno task bench [name…] [argument…]
       deno task bench --compare [REV] [--quick]

Run benchmarks one after another: those that you name, otherwise all of them. With --compare, measure this version and
an earlier one in turns.

Names: ${Object.keys(BENCHES).join(", ")}

Arguments go to each benchmark that you name. To see the arguments of one: deno task bench job --help`;

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

if (Deno.args[0] === "--help" || Deno.args[0] === "-h") {
  console.log(USAGE);
} else if (Deno.args[0] === "--compare") {
  await run("bench/compare/main.ts", Deno.args.slice(1));
} else {
  const { names, args } = selection();
  for (const name of names) await run(BENCHES[name]!, args);
}
