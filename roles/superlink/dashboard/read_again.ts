import { FlwrError } from "../../../base/error.ts";
import { readFab } from "../../../fab/read.ts";
import { mergeRunConfig } from "../../../fab/run_config.ts";
import { flattenConfig, type RunConfig } from "../../../fab/scalar.ts";
import { parseToml } from "../../../fab/toml/parse.ts";

/** What a new run of an app needs. */
export interface AgainInput {
  readonly overrideConfig: RunConfig;
  /** SHA-256 of the pieces of its attachments. */
  readonly pieces: readonly string[];
}

/**
 * Reads the settings of a new run, and its app.
 *
 * @param content the app's bundle
 * @param settings TOML: lines of `name = value`
 * @throws FlwrError "invalid-argument" for settings that are malformed or that the app does not have
 */
export function readAgain(content: Uint8Array, settings: string): AgainInput {
  const { config, attachments = [] } = readFab(content);
  const overrideConfig = withHints(() =>
    flattenConfig(parseToml(new TextEncoder().encode(settings), "Settings"), "the settings")
  );
  withHints(() => mergeRunConfig(config.config, overrideConfig));
  return { overrideConfig, pieces: attachments.flatMap(({ pieces }) => pieces) };
}

/** Puts an error's hints into its message, because the page shows only that. */
function withHints<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, [message, ...hints].join(". "), { cause });
  }
}
