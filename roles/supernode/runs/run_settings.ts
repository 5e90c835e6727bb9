import type { ConfigRecord } from "../../../app/config_record.ts";
import type { RunInfo } from "../../../app/connection.ts";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { FlwrError } from "../../../base/error.ts";
import { mergeRunConfig } from "../../../fab/run_config.ts";
import { fromConfigRecord, type RunConfig, toConfigRecord } from "../../../fab/scalar.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";

/**
 * The settings of a run: the app's defaults, overridden by those given at submission.
 *
 * @throws RunRefused for a setting that the app does not declare, or that is not a single value
 */
export function runSettings(run: RunInfo, defaults: RunConfig): ConfigRecord {
  try {
    return toConfigRecord(mergeRunConfig(defaults, fromConfigRecord(run.overrideConfig)));
  } catch (error) {
    throw new RunRefused(
      MessageErrorCode.LoadClientApp,
      `The run's settings do not fit app "${run.fabId}": ${FlwrError.from(error).message}`,
      { cause: error },
    );
  }
}
