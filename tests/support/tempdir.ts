import { eventually } from "./deadline.ts";

/** How long processes of processes may take to end, in seconds: Flower's look for their parents five times a second. */
const REMOVAL_SECONDS = 10;

/** A new folder that is removed, with all that is in it, at the end of its scope. */
export class TempDir implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<TempDir> {
    return new TempDir(await Deno.makeTempDir({ prefix: "flwr-test-" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await eventually(() => this.#isRemoved(), REMOVAL_SECONDS, `${this.path} to stay empty`);
  }

  /** False when something was put into it meanwhile: by a process that notices only now that its parent is gone. */
  async #isRemoved(): Promise<boolean> {
    try {
      await Deno.remove(this.path, { recursive: true });
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === "ENOTEMPTY") return false;
      throw error;
    }
  }
}
