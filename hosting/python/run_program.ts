import { type Clock, systemClock } from "../../base/clock.ts";

/** Seconds between SIGINT and SIGKILL: `flwr stop` takes at most two. */
const INTERRUPT_GRACE_SECONDS = 1;

/** Bytes of a Python process' last output that are kept to explain how it ended. */
const MAX_OUTPUT_TAIL_BYTES = 16 * 1024;

/**
 * Shell commands that start a program in the shell's place, with a process beside it that kills their group once the
 * shell's standard input ends. Only this process holds its other end, so it ends when this process does, even by
 * SIGKILL.
 */
const GUARD = `exec 3<&0 </dev/null
{ cat <&3; kill -KILL 0; } >/dev/null 2>&1 &
exec "$@" 3<&-`;

/** A program to start. */
export interface ProgramOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Environment variables, added to those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the program and its child processes. */
  readonly signal: AbortSignal;
  /** Called with each complete line of stdout and stderr. */
  readonly onLine?: (line: string) => void;
  readonly clock?: Clock;
}

/** The end of a program. */
export interface ProgramEnd {
  /** Exit status. Undefined if a signal ended the program. */
  readonly code?: number;
  readonly signal?: Deno.Signal;
  /** The last output on both streams. */
  readonly output: string;
}

/**
 * Runs a program in a process group of its own, so that none of its child processes outlives it. When the signal is
 * aborted, the group gets SIGINT, and one second later SIGKILL. When the program ends by itself, the rest of its group
 * is killed, and on Unix also when this process ends.
 *
 * @throws Deno.errors.NotFound or PermissionDenied when the program cannot be started
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramEnd> {
  const { program, args, env, signal, onLine, clock = systemClock } = options;
  const isGuarded = Deno.build.os !== "windows";
  if (isGuarded) await requireProgram(program);
  const child = new Deno.Command(isGuarded ? "/bin/sh" : program, {
    args: isGuarded ? ["-c", GUARD, "sh", program, ...args] : [...args],
    env: { ...env },
    stdin: isGuarded ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
    // A group of its own: only the SuperLink shall handle a Ctrl-C in its terminal.
    detached: true,
  }).spawn();
  const output = new Tail(MAX_OUTPUT_TAIL_BYTES);
  const reading = Promise.all(
    [child.stdout, child.stderr].map(async (stream) => {
      const lines = onLine && new Lines(onLine);
      for await (const chunk of stream) {
        output.add(chunk);
        lines?.add(chunk);
      }
      lines?.end();
    }),
  );
  const ended = new AbortController();
  const interrupt = async () => {
    signalGroup(child.pid, "SIGINT");
    await clock.sleep(INTERRUPT_GRACE_SECONDS, ended.signal);
    if (!ended.signal.aborted) signalGroup(child.pid, "SIGKILL");
  };
  let interrupting: Promise<void> | undefined;
  const onAbort = () => interrupting ??= interrupt();
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    const status = await child.status;
    signalGroup(child.pid, "SIGKILL");
    await reading;
    if (isGuarded) await child.stdin.close().catch(() => {});
    return {
      ...(status.signal === null ? { code: status.code } : { signal: status.signal }),
      output: output.text(),
    };
  } finally {
    signal.removeEventListener("abort", onAbort);
    ended.abort();
    await interrupting;
  }
}

/** Throws the error of starting a program that does not exist, or of a file that is no program. */
async function requireProgram(program: string): Promise<void> {
  const { isFile, mode } = await Deno.stat(program);
  if (isFile && ((mode ?? 0) & 0o111) !== 0) return;
  throw new Deno.errors.PermissionDenied(`"${program}" is not an executable file`);
}

/** Sends a signal to a process and its group. Does nothing if all of them have ended. */
function signalGroup(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(Deno.build.os === "windows" ? pid : -pid, signal);
  } catch (error) {
    const gone = error instanceof Deno.errors.NotFound ||
      // Deno's error for ESRCH of a process that has been waited for.
      (error instanceof TypeError && /terminated/.test(error.message));
    if (!gone) throw error;
  }
}

/** The last bytes of several streams, in the order of arrival. */
class Tail {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes - this.#chunks[0]!.length >= this.#limit) {
      this.#bytes -= this.#chunks.shift()!.length;
    }
  }

  text(): string {
    const decoder = new TextDecoder();
    const text = this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    return text.slice(-this.#limit);
  }
}

/** Splits a stream into lines. A line longer than the kept output is passed on in parts. */
class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#onLine(line);
    if (this.#rest.length > MAX_OUTPUT_TAIL_BYTES) this.end();
  }

  end(): void {
    if (this.#rest !== "") this.#onLine(this.#rest);
    this.#rest = "";
  }
}
