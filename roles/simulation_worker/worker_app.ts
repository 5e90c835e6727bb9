import { FlwrError } from "../../base/error.ts";
import { writeAttachment } from "../../fab/attachments.ts";
import { installFab } from "../../fab/install.ts";
import { readFab } from "../../fab/read.ts";
import type { AppHost } from "../../hosting/app/app_host.ts";
import { findAppModule } from "../../hosting/app/app_module.ts";
import {
  prepareSandboxedApp,
  type SandboxedAppOptions,
} from "../../hosting/sandbox/sandboxed_app.ts";
import type { SimulationWorkerConfig } from "./config.ts";
import { WorkerFolder } from "./worker_folder.ts";

/** The ClientApp of a run, installed in a folder that is removed at the end. */
export class WorkerApp implements AsyncDisposable {
  readonly #folder: WorkerFolder;
  readonly #options: SandboxedAppOptions;

  private constructor(folder: WorkerFolder, options: SandboxedAppOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /**
   * Installs the app of a bundle.
   *
   * @param piece fetches a piece of its attached files
   * @throws FlwrError "failed-precondition" for an app without a ClientApp in TypeScript or JavaScript
   */
  static async install(
    bundle: Uint8Array,
    piece: (hash: string) => Promise<Uint8Array>,
    { tokenFile, allowRead }: SimulationWorkerConfig,
  ): Promise<WorkerApp> {
    const fab = readFab(bundle);
    const { fabId, clientApp, clientLanguage } = fab.config;
    if (clientApp === undefined || clientLanguage === "python") {
      throw new FlwrError(
        "failed-precondition",
        `App "${fabId}" has no ClientApp in TypeScript or JavaScript, which simulation workers run`,
      );
    }
    const folder = await WorkerFolder.create();
    try {
      const installed = await installFab(
        fab,
        folder.path,
        (attachment, file) => writeAttachment(attachment, file, piece),
      );
      return new WorkerApp(folder, {
        module: await findAppModule(clientApp, installed.folder),
        folder: installed.folder,
        readable: allowRead,
        secret: [tokenFile],
        // As a thread of the SuperLink's own simulation: more threads may compute other sums.
        compute: { threads: 1 },
        simulated: true,
        name: fabId,
      });
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts a sandbox for one node at a time. The app is loaded with the first message. */
  sandbox(): Promise<AppHost> {
    return prepareSandboxedApp(this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }
}
