import type { ConfigRecord } from "../../../app/config_record.ts";
import type { RunInfo } from "../../../app/connection.ts";
import type { MessageHandler } from "./prepared_run.ts";

/** A run's app, with the run's settings. */
export interface AppForRun {
  readonly handler: MessageHandler;
  readonly runConfig: ConfigRecord;
}

/** Source of a node's apps. */
export interface AppSource {
  /**
   * Returns the app for a run.
   *
   * @param run undefined on the 1.9 wire, which has no information about runs
   * @throws RunRefused when no app is available; FlwrError when the SuperLink cannot be reached
   */
  appFor(run: RunInfo | undefined): Promise<AppForRun>;
}
