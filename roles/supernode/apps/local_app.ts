import type { RunInfo } from "../../../app/connection.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";
import { runSettings } from "../runs/run_settings.ts";
import type { AppForRun, AppSource } from "../runs/app_source.ts";
import type { Bundles } from "./bundles.ts";
import { withCurrentNames } from "./legacy_names.ts";

/** The TypeScript app that the node's owner named. It handles every run, and uses only the settings that a run sends. */
export class LocalApp implements AppSource {
  readonly #handler: MessageHandler;
  readonly #bundles: Bundles;

  constructor(handler: MessageHandler, bundles: Bundles) {
    this.#handler = withCurrentNames(handler);
    this.#bundles = bundles;
  }

  async appFor(run: RunInfo | undefined): Promise<AppForRun> {
    return { handler: this.#handler, runConfig: await this.#settings(run) };
  }

  async #settings(run: RunInfo | undefined): Promise<ConfigRecord> {
    if (run === undefined) return new ConfigRecord();
    if (run.fabHash === "") return run.overrideConfig;
    const { fab } = await this.#bundles.of(run);
    return runSettings(run, fab.config.config);
  }
}
