/**
 * Runs the tests: `deno task test [PATH ...] [OPTION OF deno test ...]`. Makes the environments of the real Flowers first,
 * so that its installation is seen and counts in no test's time. The last line is the count of all tests.
 */
import { NIGHTLY } from "../tests/support/nightly.ts";
import {
  EVERY_DAY_VERSIONS,
  findPython,
  FLOWER_VERSIONS,
  flowerEnvironments,
} from "../tests/support/python.ts";
import { formatTestSummary, parseTestSummary } from "./test_summary.ts";

/** Where the tests with the real Flower are. */
const INTEROP = "tests/interop";

if (runsInterop(Deno.args)) {
  const python = await findPython();
  const versions = NIGHTLY ? FLOWER_VERSIONS : EVERY_DAY_VERSIONS;
  if (python !== undefined) await flowerEnvironments(python, versions, console.log);
}

const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--parallel", ...Deno.args],
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
// without a summary nothing ran: a type error, or no file matched
const summary = parseTestSummary(output) ?? { passed: 0, failed: 1, skipped: 0 };
console.log(formatTestSummary(summary));
Deno.exit(code === 0 && summary.failed > 0 ? 1 : code);

/** Whether the tests that were asked for can contain those with the real Flower. */
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
