/**
 * Runs the tests: `deno task test [PATH ...] [OPTION OF deno test ...]`, with `--unit` (`deno task test:unit`) only the
 * fast ones. Installs the real Flowers first, so that their installation is visible and not part of a test's time.
 * `--coverage` measures which lines the tests run. At the end it lists the slowest files; the last line is the number
 * of tests.
 */
import { join } from "node:path";
import { NIGHTLY } from "../tests/support/nightly.ts";
import {
  EVERY_DAY_VERSIONS,
  findPython,
  FLOWER_VERSIONS,
  flowerEnvironments,
} from "../tests/support/python.ts";
import { formatCoverage, parseLcov } from "./coverage_summary.ts";
import { formatTestSummary, parseTestSummary } from "./test_summary.ts";
import { formatFileTimes, slowestFiles } from "./test_times.ts";
import { UNIT_TESTS } from "./unit_tests.ts";

/** The folder of the tests with the real Flower. */
const INTEROP = "tests/interop";
/** Number of files in the lists at the end. */
const LISTED = 10;

const OWN_OPTIONS = ["--unit", "--coverage"];
const unit = Deno.args.includes("--unit");
const args = Deno.args.filter((arg) => !OWN_OPTIONS.includes(arg));
const profile = Deno.args.includes("--coverage") ? await Deno.makeTempDir() : undefined;

if (!unit && runsInterop(args)) {
  const python = await findPython();
  const versions = NIGHTLY ? FLOWER_VERSIONS : EVERY_DAY_VERSIONS;
  if (python !== undefined) await flowerEnvironments(python, versions, console.log);
}

const child = new Deno.Command(Deno.execPath(), {
  args: [
    ...["test", "-A", "--parallel"],
    ...(unit ? UNIT_TESTS : []),
    ...(profile === undefined ? [] : [`--coverage=${profile}`, "--coverage-raw-data-only"]),
    ...args,
  ],
  stdout: "piped",
}).spawn();
let output = "";
const decoder = new TextDecoder();
for await (const chunk of child.stdout) {
  output += decoder.decode(chunk, { stream: true });
  for (let written = 0; written < chunk.length;) {
    written += await Deno.stdout.write(chunk.subarray(written));
  }
}
const { code } = await child.status;
const slowest = slowestFiles(output, LISTED);
if (slowest.length === LISTED) console.log(`Slowest files:\n${formatFileTimes(slowest)}`);
if (profile !== undefined) await showCoverage(profile);
// no summary: nothing ran, because of a type error or because no file matched
const summary = parseTestSummary(output) ?? { passed: 0, failed: 1, skipped: 0 };
console.log(formatTestSummary(summary));
Deno.exit(code === 0 && summary.failed > 0 ? 1 : code);

/**
 * Prints the share of lines that the tests ran. It only informs: a profile that cannot be read does not fail the tests.
 */
async function showCoverage(folder: string): Promise<void> {
  const report = join(folder, "report.lcov");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["coverage", "--quiet", "--lcov", `--output=${report}`, folder],
  }).output();
  if (success) {
    const files = parseLcov(await Deno.readTextFile(report), Deno.cwd());
    console.log(`Coverage: ${formatCoverage(files, LISTED)}`);
  } else console.log(`Coverage is unknown:\n${new TextDecoder().decode(stderr)}`);
  await Deno.remove(folder, { recursive: true });
}

/** Whether the requested tests can include those with the real Flower. */
function runsInterop(args: readonly string[]): boolean {
  const paths = args.filter((arg) => !arg.startsWith("-") && isPath(arg));
  if (paths.length === 0) return true;
  return paths.some((path) => {
    const plain = path.replace(/^\.\//, "").replace(/\/+$/, "");
    return plain === "." || plain.startsWith(INTEROP) || INTEROP.startsWith(plain);
  });
}

function isPath(text: string): boolean {
  try {
    Deno.statSync(text);
    return true;
  } catch {
    return false;
  }
}
