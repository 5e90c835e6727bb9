/**
 * Runs benchmarks, one after the other:
 *
 *     deno task bench [name…] [option…]
 *
 * Without a name all of them, with their default options. Options are passed on to every one that is named;
 * `deno task bench job --help` shows those of the job.
 */
import { repositoryPath } from "../tests/support/repository.ts";

/** The benchmarks' programs by name. */
const BENCHES: Readonly<Record<string, string>> = {
  job: "bench/job/main.ts",
  roles: "bench/roles/main.ts",
  training: "bench/ml/training.ts",
};

const firstOption = Deno.args.findIndex((arg) => arg.startsWith("-"));
const split = firstOption < 0 ? Deno.args.length : firstOption;
const [named, options] = [Deno.args.slice(0, split), Deno.args.slice(split)];
const names = named.length > 0 ? named : Object.keys(BENCHES);

const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined || (named.length === 0 && options.length > 0)) {
  const problem = unknown === undefined ? "Options need a name" : `No benchmark "${unknown}"`;
  console.error(`Error: ${problem}\n  Hint: The names are ${Object.keys(BENCHES).join(", ")}`);
  Deno.exit(2);
}

for (const name of names) {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", repositoryPath(BENCHES[name]!), ...options],
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
