import { basename, join } from "node:path";
import type { RunInfo } from "../../../app/connection.ts";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { FlwrError } from "../../../base/error.ts";
import { load } from "../../../base/load.ts";
import { log } from "../../../base/log.ts";
import type { AppConfig } from "../../../fab/app_config.ts";
import type { DownloadedApps } from "../../../fab/downloaded_apps.ts";
import type { InstalledApp } from "../../../fab/install.ts";
import { AppNotLoaded } from "../../../hosting/app/app_host.ts";
import { errorType, type Failure, SEE_NODE_LOG } from "../../../hosting/app/failure.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";
import { runSettings } from "../runs/run_settings.ts";
import type { AppForRun, AppSource } from "../runs/app_source.ts";
import type { Bundles, CheckedBundle } from "./bundles.ts";
import { withCurrentNames } from "./legacy_names.ts";
import { MAX_WARM_APPS, WarmApps } from "./warm_apps.ts";

/** A bundle's app, ready for messages of every run that uses it. */
export interface ReadyApp extends Disposable {
  /** Returns the handler for messages of one run. */
  forRun(run: RunInfo): MessageHandler;
}

/** Options of {@link FabApps}. */
export interface FabAppsOptions {
  readonly bundles: Bundles;
  /** Flower's home folder, in which apps are installed. */
  readonly home: string;
  /** Starts a TypeScript app in a sandbox. @throws FlwrError when it cannot be loaded */
  readonly startTypeScript: (app: InstalledApp) => Promise<ReadyApp>;
  /** Prepares a Python app: each message starts a process, which installs the bundle itself. */
  readonly startPython: (bundle: CheckedBundle) => Promise<ReadyApp>;
}

/** A ready app with its default settings. */
interface Warm extends Disposable {
  readonly config: AppConfig;
  readonly app: ReadyApp;
}

/** Source of the apps that runs supply: fetches, checks and installs them, and keeps them ready between messages. */
export class FabApps implements AppSource, AsyncDisposable {
  readonly #options: FabAppsOptions;
  readonly #warm = new WarmApps<Warm>(MAX_WARM_APPS);

  constructor(options: FabAppsOptions) {
    this.#options = options;
  }

  async appFor(run: RunInfo | undefined): Promise<AppForRun> {
    if (run === undefined || run.fabHash === "") {
      throw loadFailed(
        "The run sends no app, and this SuperNode was started without one",
      );
    }
    const { config } = await this.#ready(run);
    return {
      runConfig: runSettings(run, config.config),
      handler: {
        handle: async (message, context, signal) => {
          const { app } = await this.#ready(run);
          return await app.forRun(run).handle(message, context, signal);
        },
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#warm[Symbol.asyncDispose]();
  }

  #ready(run: RunInfo): Promise<Warm> {
    return this.#warm.get(run.fabHash, () => this.#start(run));
  }

  async #start(run: RunInfo): Promise<Warm> {
    const checked = await this.#options.bundles.of(run);
    const { config } = checked.fab;
    const { fabId, version, clientApp, language } = config;
    if (clientApp === undefined) throw loadFailed(`App "${fabId}" has no ClientApp`);
    try {
      const app = await this.#open(run, checked);
      log("supernode").info("App {fabId} {version} is ready ({language})", {
        event: "app-ready",
        fabId,
        version,
        language,
      });
      return { config, app, [Symbol.dispose]: () => app[Symbol.dispose]() };
    } catch (error) {
      if (error instanceof RunRefused) throw error;
      if (error instanceof NotFetched) throw error.cause;
      const { message, hints } = FlwrError.from(error);
      log("supernode").error("Could not start app {fabId} {version}: {reason}", {
        event: "app-not-ready",
        fabId,
        version,
        reason: [message, ...hints].join("; "),
      });
      const { summary, details } = error instanceof AppNotLoaded
        ? error.failure
        : { summary: `${errorType(error)}; ${SEE_NODE_LOG}`, details: message };
      throw loadFailed(`App "${fabId}" cannot be started: ${message}`, error, {
        summary: `App "${fabId}" cannot be started: ${summary}`,
        details,
      });
    }
  }

  async #open(run: RunInfo, checked: CheckedBundle): Promise<ReadyApp> {
    const { startPython, startTypeScript } = this.#options;
    if (checked.fab.config.language === "python") return await startPython(checked);
    const { DownloadedApps } = await load<typeof import("../../../fab/downloaded_apps.ts")>(
      new URL("../../../fab/downloaded_apps.ts", import.meta.url),
    );
    const { installedFolderName } = await load<typeof import("../../../fab/installed_folder.ts")>(
      new URL("../../../fab/installed_folder.ts", import.meta.url),
    );
    const kept = new DownloadedApps(this.#options.home);
    using starting = new DisposableStack();
    // Marked as used before it is installed, so that no other process removes it to make room.
    const name = await installedFolderName(checked.fab, this.#options.home);
    starting.use(await kept.use(name));
    const installed = await this.#install(run, checked);
    if (basename(installed.folder) !== name) {
      starting.use(await kept.use(basename(installed.folder)));
    }
    if (!installed.wasThere) await removeUnused(kept);
    const app = starting.use(await startTypeScript(installed));
    const held = starting.move();
    return {
      forRun: (run) => withCurrentNames(app.forRun(run)),
      [Symbol.dispose]: () => held.dispose(),
    };
  }

  /** Installs an app with its attachments, from this machine's cache or the SuperLink. */
  async #install(run: RunInfo, { fab }: CheckedBundle): Promise<InstalledApp> {
    const { bundles, home } = this.#options;
    const { installFab } = await load<typeof import("../../../fab/install.ts")>(
      new URL("../../../fab/install.ts", import.meta.url),
    );
    if (fab.attachments.length === 0) return await installFab(fab, home);
    const { AttachmentCache } = await load<typeof import("../../../fab/attachment_cache.ts")>(
      new URL("../../../fab/attachment_cache.ts", import.meta.url),
    );
    const cache = new AttachmentCache(join(home, "attachments"));
    const get = bundles.piecesOf(run);
    let refusal: { readonly error: unknown } | undefined;
    try {
      return await installFab(fab, home, async (attachment, file) => {
        let pieces = 0;
        await cache.place(attachment, file, async (hash) => {
          pieces++;
          return await get(hash).catch((error) => {
            refusal = { error };
            throw error;
          });
        });
        log("supernode").info("Attachment {path} of app {fabId}: {origin}, {bytes} bytes", {
          event: "attachment-ready",
          path: attachment.path,
          fabId: run.fabId,
          origin: pieces > 0 ? "downloaded" : "already here",
          bytes: attachment.size,
        });
      });
    } catch (error) {
      const { code, message } = FlwrError.from(error);
      // Flower's own SuperLinks do not support attachments ("unimplemented"), and pieces may be missing or damaged.
      if (code === "data-loss" || code === "not-found" || code === "unimplemented") {
        const reason = `App "${run.fabId}" cannot be installed: ${message}`;
        throw new RunRefused(MessageErrorCode.InvalidFab, reason, { cause: error });
      }
      throw refusal === undefined ? error : new NotFetched(refusal.error);
    }
  }
}

/** Removes unused apps. A failure is only logged: the next app tries again. */
async function removeUnused(kept: DownloadedApps): Promise<void> {
  try {
    for (const name of await kept.makeRoom()) {
      log("supernode").info(
        "Removed app {name} from this machine, because it was unused for the longest time",
        {
          name,
        },
      );
    }
  } catch (error) {
    log("supernode").warn("Could not remove unused apps: {reason}", {
      reason: FlwrError.from(error).message,
    });
  }
}

/** A call to the SuperLink failed while an app was installed. The call may succeed later. */
class NotFetched extends Error {
  constructor(override readonly cause: unknown) {
    super("An attachment could not be fetched", { cause });
  }
}

function loadFailed(reason: string, cause?: unknown, failure?: Failure): RunRefused {
  return new RunRefused(MessageErrorCode.LoadClientApp, reason, { cause, failure });
}
