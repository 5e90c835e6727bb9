import { type Command, Option } from "commander";
import { DEFAULT_LINK_LIMITS, type LinkLimits } from "../../link/limits.ts";
import { UNLIMITED, wholeNumberOrUnlimited } from "../flags/values.ts";

const MIB = 2 ** 20;
const HOUR = 3600;

/** Flags for how much of finished runs and absent nodes is kept. Infinity: everything. */
export interface RetentionFlags {
  finishedRunRetentionCount: number;
  runLogRetentionMib: number;
  runArtifactRetentionMib: number;
  absentNodeRetentionHours: number;
}

/** Default values of the flags. */
export const DEFAULT_RETENTION_FLAGS: RetentionFlags = {
  finishedRunRetentionCount: DEFAULT_LINK_LIMITS.maxFinishedRuns,
  runLogRetentionMib: DEFAULT_LINK_LIMITS.maxFinishedLogBytes / MIB,
  runArtifactRetentionMib: DEFAULT_LINK_LIMITS.maxFinishedArtifactBytes / MIB,
  absentNodeRetentionHours: DEFAULT_LINK_LIMITS.absentNodeRetentionSeconds / HOUR,
};

/** The limits of the domain that the flags set. */
export type RetentionLimits = Pick<
  LinkLimits,
  | "maxFinishedRuns"
  | "maxFinishedLogBytes"
  | "maxFinishedArtifactBytes"
  | "absentNodeRetentionSeconds"
>;

/** Adds the retention flags to the `superlink` command. */
export function addRetentionOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--finished-run-retention-count <n>",
        `number of finished runs to keep, with their statistics; 0: discard after one minute; "${UNLIMITED}": all`,
      ).default(DEFAULT_RETENTION_FLAGS.finishedRunRetentionCount)
        .argParser(wholeNumberOrUnlimited({ from: 0 })),
    )
    .addOption(
      new Option(
        "--run-log-retention-mib <n>",
        `MiB of finished runs' logs to keep, newest runs first; 0: discard after one minute; "${UNLIMITED}": all`,
      ).default(DEFAULT_RETENTION_FLAGS.runLogRetentionMib)
        .argParser(wholeNumberOrUnlimited({ from: 0 })),
    )
    .addOption(
      new Option(
        "--run-artifact-retention-mib <n>",
        `MiB of finished runs' artifacts to keep, newest runs first; 0: discard after one minute; "${UNLIMITED}": all`,
      ).default(DEFAULT_RETENTION_FLAGS.runArtifactRetentionMib)
        .argParser(wholeNumberOrUnlimited({ from: 0 })),
    )
    .addOption(
      new Option(
        "--absent-node-retention-hours <n>",
        `without authentication: hours until an offline SuperNode that registered itself is removed; "${UNLIMITED}": never`,
      ).default(DEFAULT_RETENTION_FLAGS.absentNodeRetentionHours)
        .argParser(wholeNumberOrUnlimited({ from: 1 })),
    );
}

/**
 * Converts the flags into limits.
 *
 * @param knownKeysOnly whether nodes are authenticated by registered or listed keys. Nodes are then never removed
 */
export function readRetention(
  {
    finishedRunRetentionCount,
    runLogRetentionMib,
    runArtifactRetentionMib,
    absentNodeRetentionHours,
  }: RetentionFlags,
  knownKeysOnly: boolean,
): RetentionLimits {
  return {
    maxFinishedRuns: finishedRunRetentionCount,
    maxFinishedLogBytes: runLogRetentionMib * MIB,
    maxFinishedArtifactBytes: runArtifactRetentionMib * MIB,
    absentNodeRetentionSeconds: knownKeysOnly ? Infinity : absentNodeRetentionHours * HOUR,
  };
}
