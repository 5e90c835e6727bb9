import assert from "node:assert/strict";
import { Command } from "commander";
import { DEFAULT_LINK_LIMITS } from "../../link/limits.ts";
import {
  addRetentionOptions,
  DEFAULT_RETENTION_FLAGS,
  readRetention,
  type RetentionFlags,
} from "./retention_flags.ts";

function parse(...args: string[]): RetentionFlags {
  const command = addRetentionOptions(new Command()).exitOverride();
  command.configureOutput({ writeErr: () => {} });
  return command.parse(args, { from: "user" }).opts<RetentionFlags>();
}

Deno.test("retention: without flags the domain's own limits apply, and known nodes stay", () => {
  const {
    maxFinishedRuns,
    maxFinishedLogBytes,
    maxFinishedArtifactBytes,
    absentNodeRetentionSeconds,
  } = DEFAULT_LINK_LIMITS;
  assert.deepEqual(parse(), DEFAULT_RETENTION_FLAGS);
  const kept = { maxFinishedRuns, maxFinishedLogBytes, maxFinishedArtifactBytes };
  assert.deepEqual(readRetention(parse(), false), { ...kept, absentNodeRetentionSeconds });
  assert.deepEqual(readRetention(parse(), true), {
    ...kept,
    absentNodeRetentionSeconds: Infinity,
  });
});

Deno.test("retention: counts, MiB, hours, or no limit", () => {
  const flags = parse(
    "--finished-run-retention-count=0",
    "--run-log-retention-mib=3",
    "--run-artifact-retention-mib=5",
    "--absent-node-retention-hours=2",
  );
  assert.deepEqual(readRetention(flags, false), {
    maxFinishedRuns: 0,
    maxFinishedLogBytes: 3 * 2 ** 20,
    maxFinishedArtifactBytes: 5 * 2 ** 20,
    absentNodeRetentionSeconds: 7200,
  });
  const all = parse(
    "--finished-run-retention-count=unlimited",
    "--run-log-retention-mib=unlimited",
    "--run-artifact-retention-mib=unlimited",
    "--absent-node-retention-hours=unlimited",
  );
  assert.deepEqual(readRetention(all, false), {
    maxFinishedRuns: Infinity,
    maxFinishedLogBytes: Infinity,
    maxFinishedArtifactBytes: Infinity,
    absentNodeRetentionSeconds: Infinity,
  });
});

Deno.test("retention: other values than numbers and unlimited are refused with the flag", () => {
  for (const value of ["-1", "1.5", "", "many", "Infinity"]) {
    for (const flag of ["--run-log-retention-mib", "--run-artifact-retention-mib"]) {
      const words = `${flag}.*It must be a whole number, 0 or more, or "unlimited"`;
      assert.throws(() => parse(`${flag}=${value}`), new RegExp(words));
    }
  }
  assert.throws(() => parse("--absent-node-retention-hours=0"), /1 or more, or "unlimited"/);
});
