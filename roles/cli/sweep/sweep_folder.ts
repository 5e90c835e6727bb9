import { dirname, join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { choiceOf, fieldsOf, numberOf, textOf } from "../../../base/untrusted.ts";
import { readMetrics } from "./read_history.ts";
import { finishedJson, type FinishedRun, type RunStatus, settingsJson } from "./results.ts";
import type { Settings } from "./grid.ts";

/** Name of the file with the runs, one JSON object in each line. The first line names the format. */
const RUNS_FILE = "sweep.jsonl";

const HEADER = { format: "flwr-sweep", version: 1 };

/** Folder of the copies of history.json, by run id. */
const HISTORIES = "histories";

const STATUSES: readonly (RunStatus | "started")[] = [
  "started",
  "completed",
  "incomplete",
  "failed",
  "stopped",
];

/** What is known of a run: that it was started, or how it ended. */
export type KnownRun =
  | { readonly status: "started"; readonly runId: bigint }
  | FinishedRun;

/**
 * The folder of a sweep, with which it can be continued. Each start and each end of a run is appended to a file, so that
 * a crash loses nothing.
 */
export class SweepFolder implements Disposable {
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #known: Map<string, KnownRun>;
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string, file: Deno.FsFile, known: Map<string, KnownRun>) {
    this.path = path;
    this.#file = file;
    this.#known = known;
  }

  /** Creates a folder. @throws FlwrError "failed-precondition" if it exists, or cannot be created */
  static async create(path: string): Promise<SweepFolder> {
    try {
      await Deno.mkdir(path);
      const file = await Deno.open(join(path, RUNS_FILE), { append: true, createNew: true });
      const folder = new SweepFolder(path, await locked(file, path), new Map());
      await folder.#append(HEADER);
      return folder;
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /**
   * Opens the folder of an earlier sweep.
   *
   * @throws FlwrError "not-found" if it is not one; "data-loss" naming the damaged line; "failed-precondition" if another
   *   sweep uses it
   */
  static async open(path: string): Promise<SweepFolder> {
    const name = join(path, RUNS_FILE);
    const file = await Deno.open(name, { read: true, append: true }).catch((cause) => {
      throw new FlwrError("not-found", `--resume: "${path}" is not the folder of a sweep`, {
        hints: [`It must contain ${RUNS_FILE}, which flwr sweep writes`],
        cause,
      });
    });
    try {
      await locked(file, path);
      const { known, isCut } = readRuns(await Deno.readTextFile(name), name);
      const folder = new SweepFolder(path, file, known);
      // A crash cut off the last line.
      if (isCut) await folder.#write("\n");
      return folder;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** What is known of the run with a fingerprint. */
  run(fingerprint: string): KnownRun | undefined {
    return this.#known.get(fingerprint);
  }

  /** Adds that a run was started, or how it ended. */
  async add(fingerprint: string, settings: Settings, run: KnownRun): Promise<void> {
    this.#known.set(fingerprint, run);
    const fields = run.status === "started"
      ? { "run-id": String(run.runId), status: run.status }
      : finishedJson(run);
    await this.#append({ fingerprint, settings: settingsJson(settings), ...fields });
  }

  /** Saves a copy of a run's history. */
  async saveHistory(runId: bigint, bytes: Uint8Array): Promise<void> {
    await this.save(join(HISTORIES, `${runId}.json`), bytes);
  }

  /** Writes a file of the folder, in place of an earlier one. */
  async save(name: string, content: Uint8Array | string): Promise<void> {
    const path = join(this.path, name);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(`${path}.unfinished`, bytes);
      await Deno.rename(`${path}.unfinished`, path);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  [Symbol.dispose](): void {
    // A process that is just being started has a copy of the file, which keeps a lock for a moment.
    this.#file.unlockSync();
    this.#file.close();
  }

  async #append(line: object): Promise<void> {
    await this.#write(`${JSON.stringify(line)}\n`);
  }

  /** Writes one text after the other: runs end at the same time. */
  async #write(text: string): Promise<void> {
    const writing = this.#last.then(async () => {
      const bytes = new TextEncoder().encode(text);
      for (let done = 0; done < bytes.length;) {
        done += await this.#file.write(bytes.subarray(done));
      }
    });
    this.#last = writing.catch(() => {});
    await writing.catch((cause) => {
      throw unwritable(this.path, cause);
    });
  }
}

async function locked(file: Deno.FsFile, path: string): Promise<Deno.FsFile> {
  if (await file.tryLock(true)) return file;
  throw new FlwrError("failed-precondition", `Another flwr sweep uses folder "${path}"`, {
    hints: ["Wait until it has ended, or stop it with Ctrl-C"],
  });
}

/** Reads the lines of the file. Later lines replace earlier ones of the same run. A last line may be cut off. */
function readRuns(text: string, file: string): { known: Map<string, KnownRun>; isCut: boolean } {
  const lines = text.split("\n");
  const isCut = lines.pop() !== "";
  const known = new Map<string, KnownRun>();
  for (const [index, line] of lines.entries()) {
    try {
      const fields = fieldsOf(JSON.parse(line), "The line");
      if (index > 0) known.set(textOf(fields["fingerprint"], "Fingerprint", 64), runOf(fields));
      else if (fields["format"] !== HEADER.format || fields["version"] !== HEADER.version) {
        throw new FlwrError("invalid-argument", "It is not of this version of flwr");
      }
    } catch (cause) {
      // A line that was cut off by a crash, and continued by --resume.
      if (cause instanceof SyntaxError && index > 0) continue;
      const reason = cause instanceof FlwrError ? cause.message : "It is not JSON";
      throw new FlwrError("data-loss", `"${file}", line ${index + 1} is damaged: ${reason}`, {
        hints: ["Remove the line: its run is then repeated"],
        cause,
      });
    }
  }
  return { known, isCut };
}

function runOf(fields: Readonly<Record<string, unknown>>): KnownRun {
  const id = textOf(fields["run-id"], "Run id", 20);
  if (!/^\d+$/.test(id)) throw new FlwrError("invalid-argument", "The run id must be a number");
  const runId = BigInt(id);
  const status = choiceOf(fields["status"], "Status", STATUSES);
  if (status === "started") return { status, runId };
  const { error = "", seconds, metrics } = fields;
  return {
    runId,
    status,
    error: textOf(error, "Error", 10_000),
    seconds: numberOf(seconds, "Seconds"),
    metrics: metrics === undefined ? undefined : readMetrics(metrics),
  };
}

function unwritable(path: string, cause: unknown): FlwrError {
  if (cause instanceof FlwrError) return cause;
  return new FlwrError("failed-precondition", `Cannot write to "${path}"`, {
    hints: ["Check the free disk space and the folder's permissions"],
    cause,
  });
}
