import { join } from "node:path";
import { FlwrError } from "../../../../base/error.ts";
import { sha256Hex } from "../../../../base/platform.ts";
import { flwrHome } from "../../../../fab/home.ts";

/** The token of a run's simulation workers, and the file that it is written to once the run has an id. */
export class WorkerToken implements AsyncDisposable {
  /** SHA-256 of its random part, which the SuperLink stores. */
  readonly hash: string;
  readonly #secret: string;
  readonly #given: string | undefined;
  /** Kept open: another file may be at its path by the time that the run has an id. */
  readonly #open: Deno.FsFile;
  #file: string;
  #isWritten = false;

  private constructor(file: string, open: Deno.FsFile, given: string | undefined) {
    this.#secret = crypto.getRandomValues(new Uint8Array(32)).toHex();
    this.hash = sha256Hex(this.#secret);
    this.#file = file;
    this.#open = open;
    this.#given = given;
  }

  /**
   * Makes a token, and creates its file, which only the user can read.
   *
   * @param given the file of `--token-file`. Default: one in Flower's home folder, named after the run
   * @throws FlwrError "already-exists" for a file that exists, "failed-precondition" for one that cannot be written
   */
  static async create(given: string | undefined): Promise<WorkerToken> {
    const folder = workersFolder();
    const file = given ?? join(folder, `new-${crypto.randomUUID()}.token`);
    let open: Deno.FsFile;
    try {
      if (given === undefined) await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      const options = { write: true, createNew: true, mode: 0o600 } as const;
      open = await Deno.open(file, options);
    } catch (cause) {
      if (cause instanceof Deno.errors.AlreadyExists) {
        throw new FlwrError("already-exists", `--token-file: file "${file}" exists already`, {
          hints: ["Name a new file, because each run has a token of its own"],
          cause,
        });
      }
      throw unwritable(file, cause);
    }
    return new WorkerToken(file, open, given);
  }

  /**
   * Writes the token of a run.
   *
   * @returns the file
   * @throws FlwrError "failed-precondition" if it cannot be written, for example because the disk is full
   */
  async write(runId: bigint): Promise<string> {
    try {
      return await this.#write(runId);
    } catch (cause) {
      throw unwritable(this.#file, cause);
    }
  }

  async #write(runId: bigint): Promise<string> {
    const text = new TextEncoder().encode(`${runId}.${this.#secret}\n`);
    for (let written = 0; written < text.length;) {
      written += await this.#open.write(text.subarray(written));
    }
    if (this.#given === undefined) {
      const named = tokenPath(runId);
      await Deno.rename(this.#file, named);
      this.#file = named;
    }
    this.#isWritten = true;
    return this.#file;
  }

  /** Removes the file if no run was started. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#open.close();
    if (!this.#isWritten) await Deno.remove(this.#file).catch(() => {});
  }
}

function unwritable(file: string, cause: unknown): FlwrError {
  return new FlwrError("failed-precondition", `Cannot write the workers' token to "${file}"`, {
    hints: ["Name a file in a folder that you can write to, with --token-file"],
    cause,
  });
}

/** The folder of tokens, scripts and logs of workers. */
export function workersFolder(): string {
  return join(flwrHome(), "workers");
}

/** Removes the token that a run's command wrote to Flower's home folder, because the run is over. */
export async function removeToken(runId: bigint): Promise<void> {
  await Deno.remove(tokenPath(runId)).catch(() => {});
}

function tokenPath(runId: bigint): string {
  return join(workersFolder(), `${runId}.token`);
}
