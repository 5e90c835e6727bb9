import { fileURLToPath } from "node:url";
import { FlwrError } from "../../base/error.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Seconds that a child has to end in order before it is killed. */
const STOP_SECONDS = 10;

/** A line of a child's log, as `--log-format json` writes it. */
export interface LogLine {
  readonly level: string;
  readonly logger: string;
  readonly message: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** How a child is started. */
export interface ChildOptions {
  /** What messages call it, e.g. "SuperNode 1". */
  readonly name: string;
  /** The words after `flwr`. */
  readonly args: readonly string[];
  /** Told of every line of the child's log. */
  readonly onLog: (line: LogLine) => void;
  /** Its stdout goes to ours; else it is dropped. */
  readonly showOutput?: boolean;
}

/** One of the demo's processes: a role of `flwr`, started as a user would start it. */
export class Child implements AsyncDisposable {
  readonly name: string;
  readonly #process: Deno.ChildProcess;
  readonly #ended: Promise<Deno.CommandStatus>;
  #running = true;

  constructor({ name, args, onLog, showOutput = false }: ChildOptions) {
    this.name = name;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        "--config",
        `${PROJECT}deno.json`,
        `${PROJECT}main.ts`,
        ...args,
      ],
      stdin: "null",
      stdout: showOutput ? "inherit" : "null",
      stderr: "piped",
    }).spawn();
    const read = readLog(this.#process.stderr, onLog);
    this.#ended = Promise.all([this.#process.status, read]).then(([status]) => {
      this.#running = false;
      return status;
    });
  }

  /** How the child ended; resolves when its log has been read to the end. */
  get ended(): Promise<Deno.CommandStatus> {
    return this.#ended;
  }

  /** The child's `event`, or an error when the child ends before. */
  async before<T>(event: Promise<T>): Promise<T> {
    return await Promise.race([
      event,
      this.#ended.then((): never => {
        throw new FlwrError("internal", `${this.name} ended before it was ready`, {
          hints: ["Its last lines stand above"],
        });
      }),
    ]);
  }

  /** Stops the child in order; kills it when that takes too long. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#running) return;
    this.#process.kill("SIGINT");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_SECONDS * 1000);
    await this.#ended;
    clearTimeout(timer);
  }
}

async function readLog(
  stream: ReadableStream<Uint8Array>,
  onLog: (line: LogLine) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as never)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") onLog(parseLine(line));
  }
  if (rest !== "") onLog(parseLine(rest));
}

/** Whatever is not a log line (an error's sentence, the runtime's own words) is shown as it is. */
function parseLine(line: string): LogLine {
  try {
    const { level, logger, message, properties } = JSON.parse(line);
    return { level, logger, message, properties };
  } catch {
    return { level: "OUTPUT", logger: "", message: line, properties: {} };
  }
}
