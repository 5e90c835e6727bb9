import { join } from "node:path";
import type { PostgresTarget } from "../../link/store/postgres/target.ts";
import { findPostgres, NO_POSTGRES, serverIn, startServerIn } from "./postgres.ts";

/** A server that a test has for itself, and can start again. It ends with its scope. */
export class OwnPostgres implements AsyncDisposable {
  readonly target: PostgresTarget;
  readonly #binaries: string;
  readonly #folder: string;

  private constructor(target: PostgresTarget, binaries: string, folder: string) {
    this.target = target;
    this.#binaries = binaries;
    this.#folder = folder;
  }

  /** @throws if no server is installed, or if it does not start */
  static async start(): Promise<OwnPostgres> {
    const binaries = findPostgres();
    if (binaries === undefined) throw new Error(NO_POSTGRES);
    const folder = join("/tmp", `flwr-test-postgres-${crypto.randomUUID()}`);
    await startServerIn(binaries, folder);
    return new OwnPostgres(await serverIn(folder), binaries, folder);
  }

  /** @param how "fast" ends the sessions; with "immediate", the server recovers as after a crash */
  async restart(how: "fast" | "immediate"): Promise<void> {
    await this.#control("-m", how, "-l", join(this.#folder, "data/log"), "-t", "60", "restart");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control("-m", "immediate", "stop");
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Runs `pg_ctl`, as the server's user where this process is root. */
  async #control(...args: readonly string[]): Promise<void> {
    const command = [
      join(this.#binaries, "pg_ctl"),
      "-w",
      "-D",
      join(this.#folder, "data"),
      ...args,
    ];
    const user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"];
    const [program, ...rest] = Deno.uid() === 0 ? [...user, ...command] : command;
    // The server keeps the streams of the command that starts it: a pipe would not end.
    const { success } = await new Deno.Command(program!, {
      args: rest,
      cwd: "/",
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    if (success) return;
    const log = await Deno.readTextFile(join(this.#folder, "data/log"));
    throw new Error(`pg_ctl ${args.join(" ")} failed: ${log.slice(-2000)}`);
  }
}
