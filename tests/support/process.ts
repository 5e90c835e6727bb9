import { within } from "./deadline.ts";
import { LogLines, type OutputLine } from "./log_lines.ts";
import type { LogRecord } from "./log_record.ts";

/** How long a line may be waited for when the test does not say, in seconds. */
const LINE_SECONDS = 30;
/** How long a process may take to end after it was told to, in seconds. */
const EXIT_SECONDS = 15;
/** How many of a process' last lines a failure shows. */
const TAIL_LINES = 40;

/** A command to start. */
export interface ProcessOptions {
  /** How failures call the process, e.g. "supernode 1". */
  name: string;
  command: string;
  args: readonly string[];
  cwd?: string;
  /** Added to this process' environment. */
  env?: Readonly<Record<string, string>>;
}

/** A started command, whose output is collected and which dies with its scope. */
export class Process implements AsyncDisposable {
  readonly name: string;
  /** Resolves, never rejects, when the process has ended and all of its output is there. */
  readonly exit: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #stdout = new LogLines();
  readonly #output = new LogLines();
  #status: Deno.CommandStatus | undefined;
  #read = 0;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.#child = new Deno.Command(options.command, {
      args: [...options.args],
      cwd: options.cwd,
      env: { NO_COLOR: "1", PYTHONUNBUFFERED: "1", ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.exit = this.#collect();
  }

  /** The status it ended with; undefined while it runs. */
  get status(): Deno.CommandStatus | undefined {
    return this.#status;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it printed until now on both streams. */
  get lines(): readonly string[] {
    return this.#output.lines;
  }

  /** The records of its log until now, where that is in JSON. */
  get records(): readonly LogRecord[] {
    return this.#output.records;
  }

  /** What it printed until now on stdout alone. */
  get stdoutLines(): readonly string[] {
    return this.#stdout.lines;
  }

  /**
   * Waits for a line that comes after all lines waited for before.
   *
   * @throws with the process' last lines when the line does not come in time or the process ends before
   */
  async waitForLine(pattern: RegExp, seconds: number = LINE_SECONDS): Promise<RegExpMatchArray> {
    return await this.#waitFor(({ text }) => text.match(pattern), seconds, `${pattern}`);
  }

  /**
   * Waits for a record of its log in JSON that comes after all lines waited for before.
   *
   * @param event what happens, "node-joined"
   * @param fields what the record must have; others may be there
   * @throws with the process' last lines when the record does not come in time or the process ends before
   */
  async waitForEvent(
    event: string,
    fields: Readonly<Record<string, unknown>> = {},
    seconds: number = LINE_SECONDS,
  ): Promise<LogRecord> {
    const wanted = Object.entries(fields);
    return await this.#waitFor(
      ({ record }) =>
        record?.event === event && wanted.every(([name, value]) => record.fields[name] === value)
          ? record
          : undefined,
      seconds,
      `the event "${event}" ${JSON.stringify(fields)}`,
    );
  }

  /** Sends a signal to this very process; one that has ended already is left alone. */
  signal(signal: Deno.Signal): void {
    if (this.#status === undefined) this.#child.kill(signal);
  }

  /** Waits for the process to end by itself. */
  async ended(seconds: number = EXIT_SECONDS): Promise<Deno.CommandStatus> {
    return await within(this.exit, seconds, `${this.name} to end`);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    this.signal(signal);
    return await this.ended();
  }

  /** Its last lines under its name and state, for a person who looks for the cause of a failure. */
  tail(): string {
    const state = this.#status === undefined
      ? "running"
      : `ended with ${this.#status.signal ?? this.#status.code}`;
    return [`--- ${this.name} (${state})`, ...this.lines.slice(-TAIL_LINES)].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.exit;
  }

  async #waitFor<T>(
    match: (line: OutputLine) => T | undefined | null,
    seconds: number,
    what: string,
  ): Promise<T> {
    const found = await within(
      this.#output.find(match, this.#read),
      seconds,
      `${this.name} to print ${what}`,
    );
    if (found === undefined) throw new Error(`${this.name} ended without printing ${what}`);
    this.#read = found.next;
    return found.match;
  }

  async #collect(): Promise<Deno.CommandStatus> {
    const [stdout, copy] = this.#child.stdout.tee();
    const [status] = await Promise.all([
      this.#child.status.then((status) => this.#status = status),
      this.#output.readFrom(stdout),
      this.#output.readFrom(this.#child.stderr),
      this.#stdout.readFrom(copy),
    ]);
    this.#output.end();
    this.#stdout.end();
    return status;
  }
}
