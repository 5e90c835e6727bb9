import type { ConfigRecord } from "../../../app/config_record.ts";
import type { RunInfo } from "../../../app/connection.ts";
import type { MessageHandler } from "./prepared_run.ts";

/** An app for a run, with the settings that it runs with. */
export interface AppForRun {
  readonly handler: MessageHandler;
  readonly runConfig: ConfigRecord;
}

/** Where a node's apps come from. */
export interface AppSource {
  /**
   * The app for a run.
   *
   * @param run what the SuperLink says of it; undefined on the 1.9 wire, which says nothing
   * @throws RunRefused when there is none; FlwrError when the SuperLink cannot be asked for it
   */
  appFor(run: RunInfo | undefined): Promise<AppForRun>;
}
