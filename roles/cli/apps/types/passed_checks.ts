import { join } from "node:path";
import { VERSION } from "../../../../base/version.ts";

/** Apps that are remembered to have passed the check; then all are forgotten. Each takes an empty file. */
const MAX_PASSED_CHECKS = 500;

/** Remembers which apps have passed the type check, by a file each, under this version's types and checker. */
export class PassedChecks {
  readonly #folder: string;

  /** @param folder made when it is needed */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param hash of an app's code */
  async has(hash: string): Promise<boolean> {
    const stamp = await Deno.stat(this.#stamp(hash)).catch(() => undefined);
    return stamp?.isFile ?? false;
  }

  /** Remembers an app. Where that cannot be, it is checked again. */
  async add(hash: string): Promise<void> {
    try {
      await Deno.mkdir(this.#folder, { recursive: true });
      const names = await Array.fromAsync(Deno.readDir(this.#folder), ({ name }) => name);
      if (names.length >= MAX_PASSED_CHECKS) {
        for (const name of names) await Deno.remove(join(this.#folder, name)).catch(() => {});
      }
      await Deno.writeTextFile(this.#stamp(hash), "");
    } catch {
      // a folder that cannot be written
    }
  }

  #stamp(hash: string): string {
    return join(this.#folder, `${hash}-${VERSION}-${Deno.version.deno}`);
  }
}
