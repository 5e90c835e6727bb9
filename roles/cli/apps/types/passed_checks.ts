import { join } from "node:path";
import { VERSION } from "../../../../base/version.ts";

/** Maximum number of remembered checks. When it is exceeded, all are forgotten. Each is an empty file. */
const MAX_PASSED_CHECKS = 500;

/** Passed type checks, each remembered as a file for this version of flwr and Deno. */
export class PassedChecks {
  readonly #folder: string;

  /** @param folder is created when needed */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether an app has passed. @param hash hash of its code */
  async has(hash: string): Promise<boolean> {
    const stamp = await Deno.stat(this.#stamp(hash)).catch(() => undefined);
    return stamp?.isFile ?? false;
  }

  /** Remembers a passed app. If the folder cannot be written, the app will be checked again. */
  async add(hash: string): Promise<void> {
    try {
      await Deno.mkdir(this.#folder, { recursive: true });
      const names = await Array.fromAsync(Deno.readDir(this.#folder), ({ name }) => name);
      if (names.length >= MAX_PASSED_CHECKS) {
        for (const name of names) await Deno.remove(join(this.#folder, name)).catch(() => {});
      }
      await Deno.writeTextFile(this.#stamp(hash), "");
    } catch {
      // The folder cannot be written.
    }
  }

  #stamp(hash: string): string {
    return join(this.#folder, `${hash}-${VERSION}-${Deno.version.deno}`);
  }
}
