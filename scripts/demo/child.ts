import { fileURLToPath } from "node:url";
import { FlwrError } from "../../base/error.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Seconds after which a child that does not stop is killed. */
const STOP_SECONDS = 10;

/** A line of a child's log, in `--log-format json`. */
export interface LogLine {
  readonly level: string;
  readonly logger: string;
  readonly message: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** How to start a child. */
export interface ChildOptions {
  /** Name for messages, such as "SuperNode 1". */
  readonly name: string;
  /** Arguments of `flwr`. */
  readonly args: readonly string[];
  /** Called for each line of the child's log. */
  readonly onLog: (line: LogLine) => void;
  /** Whether its stdout is passed to ours; otherwise it is dropped. */
  readonly showOutput?: boolean;
}

/** A process of the demo: a role of `flwr`, started as a user would start it. */
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

  /** The child's exit status; resolves when its log has been read to the end. */
  get ended(): Promise<Deno.CommandStatus> {
    return this.#ended;
  }

  /** The result of `event`, or an error if the child ends first. */
  async before<T>(event: Promise<T>): Promise<T> {
    return await Promise.race([
      event,
      this.#ended.then((): never => {
        throw new FlwrError("internal", `${this.name} ended before it was ready`, {
          hints: ["See its last lines above"],
        });
      }),
    ]);
  }

  /** Stops the child; kills it if that takes too long. */
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

/** Lines that are not in the log's format (an error message, the runtime's output) are shown unchanged. */
function parseLine(line: string): LogLine {
  try {
    const { level, logger, message, properties } = JSON.parse(line);
    return { level, logger, message, properties };
  } catch {
    return { level: "OUTPUT", logger: "", message: line, properties: {} };
  }
}
