// `deno task compile` where no executable can be made: a sentence and a way out, and no stack trace.
import assert from "node:assert/strict";
import { scenario } from "../support/stage.ts";
import { type Outcome, runScript } from "./command.ts";

/** Nothing listens there: whatever is asked for through this proxy cannot be had. */
const DEAD_PROXY = "http://127.0.0.1:9";

/** A platform that this machine is not, so that its denort lies in no cache. */
const FOREIGN = Deno.build.target === "aarch64-pc-windows-msvc"
  ? "aarch64-unknown-linux-gnu"
  : "aarch64-pc-windows-msvc";

function checkFailure({ code, stdout, stderr }: Outcome, sentence: RegExp): void {
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, sentence);
  assert.match(stderr, /\n {2}Hint: /);
  assert.doesNotMatch(stderr, /^\s+at |backtrace/m);
}

scenario("a denort that cannot be downloaded is asked for by name and version", async (stage) => {
  const outcome = await runScript(
    "scripts/compile.ts",
    ["--target", FOREIGN, "--output", stage.path("flwr")],
    { DENORT_BIN: "", HTTPS_PROXY: DEAD_PROXY, NO_PROXY: "", RUST_BACKTRACE: "1" },
  );
  checkFailure(outcome, new RegExp(`needs denort ${Deno.version.deno}.*cannot download it`));
  assert.match(outcome.stderr, /DENORT_BIN=/);
});

scenario("a DENORT_BIN that names no file is told", async (stage) => {
  const denort = stage.path("denort");
  const outcome = await runScript("scripts/compile.ts", [], { DENORT_BIN: denort });
  checkFailure(outcome, /^Error: DENORT_BIN names a file that does not exist: ".*\/denort"\n/);
});

Deno.test("a platform without ONNX Runtime is refused before anything is done", async () => {
  const { code, stderr } = await runScript("scripts/compile.ts", [
    "--target",
    "x86_64-apple-darwin",
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /'x86_64-apple-darwin' is invalid\. Allowed choices are/);
});

Deno.test("a platform without a POSIX shell gets no file that unpacks itself", async () => {
  const outcome = await runScript("scripts/compile.ts", [
    ...["--self-extracting", "--target", "x86_64-pc-windows-msvc"],
  ]);
  checkFailure(outcome, /^Error: --self-extracting cannot make a file for x86_64-pc-windows-msvc/);
});

Deno.test("--deno is refused where it would not be used", async () => {
  checkFailure(
    await runScript("scripts/compile.ts", ["--deno", "deno"]),
    /^Error: --deno .*--self-extracting/,
  );
});

scenario("a Deno that cannot be downloaded is asked for by name and version", async (stage) => {
  const target = "aarch64-apple-darwin";
  if (Deno.build.target === target) return;
  const outcome = await runScript(
    "scripts/compile.ts",
    ["--self-extracting", "--target", target, "--output", stage.path("flwr")],
    { NPM_CONFIG_REGISTRY: DEAD_PROXY, DENO_DIR: stage.path("cache") },
  );
  checkFailure(outcome, /npm's @deno\/darwin-arm64@\d+\.\d+\.\d+/);
  assert.match(outcome.stderr, /--deno FILE/);
});
