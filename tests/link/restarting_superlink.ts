import { type ErrorCode, FlwrError } from "../../base/error.ts";
import {
  type Answer,
  type Call,
  decode,
  encode,
  type Failpoint,
  type Operation,
} from "./crash_protocol.ts";

/** The SuperLink crashed during a call, which may or may not have taken effect. */
export class Crashed extends Error {}

/** One SuperLink or several that share a database, which crash and are restarted. */
export abstract class CrashingSuperLink {
  /** Unix time in seconds. Change it only by {@link pass}. */
  now = 1_800_000_000;

  /** Whether what a dead process had handed out is taken back only when its lease has run out. */
  abstract readonly hasLeases: boolean;
  /** Number of crashes. */
  abstract readonly deaths: number;

  /** Makes a call. @throws Crashed, or the error of the SuperLink */
  abstract call<T>(operation: Operation, ...input: readonly unknown[]): Promise<T>;

  /** Sets the failpoint of the process that runs, or of the next one. */
  abstract arm(failpoint: Failpoint): Promise<void>;

  /** Lets time pass. @throws Crashed */
  async pass(seconds: number): Promise<void> {
    this.now += seconds;
    await this.call("advance", this.now);
  }

  /** Repeats a call until a SuperLink answers. */
  async insist<T>(operation: Operation, ...input: readonly unknown[]): Promise<T> {
    for (;;) {
      try {
        return await this.call<T>(operation, ...input);
      } catch (error) {
        if (!(error instanceof Crashed)) throw error;
      }
    }
  }
}

/** A SuperLink that is restarted on the same database after each crash. */
export class RestartingSuperLink extends CrashingSuperLink implements AsyncDisposable {
  deaths = 0;
  readonly #path: string;
  #life: Life | undefined;
  failpoint: Failpoint | null = null;

  /** @param path a file for SQLite, or a PostgresTarget as JSON */
  constructor(path: string) {
    super();
    this.#path = path;
  }

  get hasLeases(): boolean {
    return this.#path.startsWith("{");
  }

  async call<T>(operation: Operation, ...input: readonly unknown[]): Promise<T> {
    this.#life ??= new Life(this.#path, this.now, this.failpoint);
    const answer = await this.#life.call({ operation, input });
    if (answer === undefined) {
      await this.#life[Symbol.asyncDispose]();
      this.#life = undefined;
      this.failpoint = null;
      this.deaths++;
      throw new Crashed(operation);
    }
    if ("code" in answer) throw new FlwrError(answer.code as ErrorCode, operation);
    return answer.output as T;
  }

  async arm(failpoint: Failpoint): Promise<void> {
    this.failpoint = failpoint;
    await this.#life?.call({ operation: "arm", input: [failpoint] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life?.[Symbol.asyncDispose]();
  }
}

/** One process of the SuperLink. */
class Life implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #read = "";

  constructor(path: string, now: number, failpoint: Failpoint | null) {
    const script = new URL("./crash_superlink.ts", import.meta.url).pathname;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", script, path, `${now}`, JSON.stringify(failpoint)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Sends a call. @returns undefined if the process crashed */
  async call(call: Call): Promise<Answer | undefined> {
    try {
      await this.#input.write(new TextEncoder().encode(`${encode(call)}\n`));
    } catch {
      return undefined;
    }
    while (!this.#read.includes("\n")) {
      const { value, done } = await this.#output.read();
      if (done) return undefined;
      this.#read += value;
    }
    const end = this.#read.indexOf("\n");
    const line = this.#read.slice(0, end);
    this.#read = this.#read.slice(end + 1);
    return decode(line) as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#process.status;
    await this.#output.cancel();
  }
}
