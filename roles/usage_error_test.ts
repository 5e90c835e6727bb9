import assert from "node:assert/strict";
import { FlwrError } from "../base/error.ts";
import { readFlagAddress, readingFlag, UsageError } from "./flags/values.ts";
import { ExitStatus } from "./flags/exit_status.ts";
import { reportError } from "./report_error.ts";

const thrown = (code: "invalid-argument" | "not-found") => () => {
  throw new FlwrError(code, "--flag: no", { hints: ["a hint"] });
};

Deno.test("an invalid flag ends the command with status 2", () => {
  assert.throws(
    () => readingFlag(thrown("invalid-argument")),
    (error) => {
      assert.ok(error instanceof UsageError);
      assert.deepEqual(error.hints, ["a hint"]);
      return reportError(error) === ExitStatus.usage;
    },
  );
  assert.throws(() => readFlagAddress("--superlink", "host:99999"), UsageError);
});

Deno.test("a missing file is not a usage error", () => {
  assert.throws(
    () => readingFlag(thrown("not-found")),
    (error) => !(error instanceof UsageError) && reportError(error) === ExitStatus.failure,
  );
});
