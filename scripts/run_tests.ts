/**
 * Runs the tests: `deno task test [PATH ...] [OPTION OF deno test ...]`, with `--unit` (`deno task test:unit`) only the
 * fast ones. Installs the real Flowers, rclone and, in CI, Debian's packages first, so that their installation is visible
 * and not part of a test's time. `--coverage` measures which lines the tests run. At the end it lists the slowest files;
 * the last line is the number of tests.
 *
 * Without a path, many files share a thread: with a thread for each, loading the modules takes longer than the tests.
 * With paths, each file has a thread of its own, as with plain `deno test`.
 */
import { join } from "node:path";
import { installPackages } from "../tests/support/install_packages.ts";
import { NIGHTLY } from "../tests/support/nightly.ts";
import {
  EVERY_DAY_VERSIONS,
  findPython,
  FLOWER_VERSIONS,
  flowerEnvironments,
  simulationEnvironment,
} from "../tests/support/python.ts";
import { hasS3, rclone } from "../tests/support/s3_server.ts";
import { formatCoverage, parseLcov } from "./coverage_summary.ts";
import { LONG_TESTS, longestFirst } from "./long_tests.ts";
import { testFiles, withoutGroup, writeGroups } from "./test_groups.ts";
import { formatTestSummary, parseTestSummary } from "./test_summary.ts";
import { formatFileTimes, slowestFiles } from "./test_times.ts";
import { NO_UNIT_TESTS, sharesThread, UNIT_OPTIONS } from "./unit_tests.ts";

/** The folder of the tests with the real Flower. */
const INTEROP = "tests/interop";
/** Number of files in the lists at the end. */
const LISTED = 10;

const OWN_OPTIONS = ["--unit", "--coverage"];
const unit = Deno.args.includes("--unit");
/**
 * Number of files or groups at a time: more than there are processors, because the tests with processes wait for half of
 * their time.
 */
const JOBS = String(navigator.hardwareConcurrency + (unit ? 1 : 3));
const args = Deno.args.filter((arg) => !OWN_OPTIONS.includes(arg));
const profile = Deno.args.includes("--coverage") ? await Deno.makeTempDir() : undefined;

const paths = args.filter((arg) => !arg.startsWith("-") && isPath(arg));
if (!unit) {
  // The check takes one processor and the Pythons start on the other.
  const [areSound] = await Promise.all([
    paths.length === 0 ? checkTypes() : true,
    installPeers(),
  ]);
  if (!areSound) Deno.exit(1);
}
const modules = await Deno.makeTempDir({ prefix: "flwr-tests-" });
const child = new Deno.Command(Deno.execPath(), {
  args: [
    ...["test", "-A", "--parallel", "--config", "deno.json"],
    ...(unit || paths.length === 0 ? ["--no-check"] : []),
    ...(unit ? UNIT_OPTIONS : []),
    ...(profile === undefined ? [] : [`--coverage=${profile}`, "--coverage-raw-data-only"]),
    ...args,
    ...(paths.length === 0 ? await allTests(modules) : []),
  ],
  env: paths.length === 0 ? { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? JOBS } : {},
  stdout: "piped",
}).spawn();
let output = "";
for await (const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(lines())) {
  const shown = withoutGroup(line);
  output += shown;
  await writeAll(new TextEncoder().encode(shown));
}
const { code } = await child.status;
await Deno.remove(modules, { recursive: true });
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

/** Installs the programs that the tests run, unless they are there. */
async function installPeers(): Promise<void> {
  const python = runsInterop() ? await findPython() : undefined;
  const versions = NIGHTLY ? FLOWER_VERSIONS : EVERY_DAY_VERSIONS;
  if (python !== undefined) await flowerEnvironments(python, versions, console.log);
  if (python !== undefined && NIGHTLY) await simulationEnvironment(python, console.log);
  if (hasS3()) await rclone(console.log);
  await installPackages(console.log);
}

/**
 * Checks the types of all files. The tests themselves then run without: a group's imports are not checked.
 *
 * @returns whether there is no error
 */
async function checkTypes(): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["check", "--quiet", "."] })
    .spawn().status;
  return success;
}

/**
 * Finds all tests of this run and writes modules for those that share a thread.
 *
 * @returns paths for `deno test`, which starts them in this order: long tests, groups, short tests
 */
async function allTests(folder: string): Promise<string[]> {
  const root = Deno.cwd();
  const files = await testFiles(root, unit ? NO_UNIT_TESTS : []);
  const grouped = await writeGroups(folder, root, files.filter(sharesThread));
  const alone = longestFirst(files.filter((file) => !sharesThread(file)));
  const isLong = (file: string) => file in LONG_TESTS;
  return [...alone.filter(isLong), ...grouped, ...alone.filter((file) => !isLong(file))];
}

/** Divides text into lines, each with its line break; the last may have none. */
function lines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const parts = (rest + text).split(/(?<=\n)/);
      rest = parts.at(-1)!.endsWith("\n") ? "" : parts.pop()!;
      for (const part of parts) controller.enqueue(part);
    },
    flush: (controller) => controller.enqueue(rest),
  });
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

/** Whether the requested tests can include those with the real Flower. */
function runsInterop(): boolean {
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
