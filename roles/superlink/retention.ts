import { type Command, Option } from "commander";
import { DEFAULT_LINK_LIMITS, type LinkLimits } from "../../link/limits.ts";
import { UNLIMITED, wholeNumberOrUnlimited } from "../flags/values.ts";

const MIB = 2 ** 20;
const HOUR = 3600;

/** The flags that say how long what is over is kept; Infinity for ever. */
export interface RetentionFlags {
  finishedRunRetentionCount: number;
  runLogRetentionMib: number;
  runArtifactRetentionMib: number;
  absentNodeRetentionHours: number;
}

/** Those flags when none is given. */
export const DEFAULT_RETENTION_FLAGS: RetentionFlags = {
  finishedRunRetentionCount: DEFAULT_LINK_LIMITS.maxFinishedRuns,
  runLogRetentionMib: DEFAULT_LINK_LIMITS.maxFinishedLogBytes / MIB,
  runArtifactRetentionMib: DEFAULT_LINK_LIMITS.maxFinishedArtifactBytes / MIB,
  absentNodeRetentionHours: DEFAULT_LINK_LIMITS.absentNodeRetentionSeconds / HOUR,
};

/** What of the domain's limits the flags set. */
export type RetentionLimits = Pick<
  LinkLimits,
  | "maxFinishedRuns"
  | "maxFinishedLogBytes"
  | "maxFinishedArtifactBytes"
  | "absentNodeRetentionSeconds"
>;

/** Gives the `superlink` command the flags. */
export function addRetentionOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--finished-run-retention-count <n>",
        `number of finished runs to keep, with their statistics; 0: none after one minute; "${UNLIMITED}": all`,
      ).default(DEFAULT_RETENTION_FLAGS.finishedRunRetentionCount)
        .argParser(wholeNumberOrUnlimited({ from: 0 })),
    )
    .addOption(
      new Option(
        "--run-log-retention-mib <n>",
        `MiB of finished runs' logs to keep, newest runs first; 0: none after one minute; "${UNLIMITED}": all`,
      ).default(DEFAULT_RETENTION_FLAGS.runLogRetentionMib)
        .argParser(wholeNumberOrUnlimited({ from: 0 })),
    )
    .addOption(
      new Option(
        "--run-artifact-retention-mib <n>",
        `MiB of finished runs' artifacts to keep, newest runs first; 0: none after one minute; "${UNLIMITED}": all`,
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
 * What the flags mean.
 *
 * @param knownKeysOnly whether the SuperLink's owner says who is a node, in the list of keys or by registration: none is
 *   forgotten then
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
