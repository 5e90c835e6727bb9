import { FlwrError } from "../../../base/error.ts";
import type { Changes } from "../model/changes.ts";
import type { LogChunk, RunDetails } from "../model/run.ts";
import type { ArtifactContent, DashboardSource } from "../source.ts";

/** A run for tests. */
export const FAKE_RUN: RunDetails = {
  id: "7",
  app: "tests/app",
  appVersion: "1.0.0",
  state: "running",
  isIncomplete: false,
  details: "",
  pendingAt: 1_800_000_000,
  federation: "@none/default",
  fabHash: "00",
  isSimulated: false,
  resumes: 0,
  settings: [],
  bytesSent: 0,
  bytesReceived: 0,
  clientAppSeconds: 0,
  artifacts: [],
};

/** A source with one run, number 7. It records what the page does. */
export class FakeSource implements DashboardSource {
  /** "stop 7", "again 7 num-rounds = 3". */
  readonly acts: string[] = [];
  /** The readers of changes that are there now. */
  readonly readers = new Set<(changes: Changes) => void>();
  /** Pieces of the log, in order. */
  readonly logPieces: LogChunk[] = [];
  /** Content of the file "model.html". */
  readonly file = "<script>alert(1)</script>";

  overview() {
    return Promise.resolve({ version: "1", now: 0, isSimulated: false, canRunAgain: true });
  }
  runs() {
    return Promise.resolve({ runs: [FAKE_RUN], more: false });
  }
  run(id: bigint): Promise<RunDetails> {
    return this.#known(id, FAKE_RUN);
  }
  async log(id: bigint, after: number): Promise<LogChunk> {
    await this.#known(id, undefined);
    return this.logPieces.find(({ position }) => position > after) ??
      { text: "", position: after, isEnd: true };
  }
  artifact(id: bigint): Promise<ArtifactContent> {
    const bytes = new TextEncoder().encode(this.file);
    return this.#known(id, {
      size: bytes.length,
      pieces: async function* () {
        yield bytes;
      },
    });
  }
  rounds(id: bigint) {
    return this.#known(id, { rounds: [], nodeMetrics: { train: [], evaluate: [] } });
  }
  round(id: bigint) {
    return this.#known(id, []);
  }
  series(id: bigint) {
    return this.#known(id, { rounds: [], nodes: [], total: 0 });
  }
  nodes() {
    return Promise.resolve([]);
  }
  events() {
    return Promise.resolve({ events: [], position: 0, more: false });
  }
  stop(id: bigint): Promise<void> {
    this.acts.push(`stop ${id}`);
    return this.#known(id, undefined);
  }
  runAgain(id: bigint, settings: string): Promise<bigint> {
    this.acts.push(`again ${id} ${settings}`);
    return this.#known(id, 8n);
  }
  follow(onChange: (changes: Changes) => void, signal: AbortSignal): Promise<void> {
    this.readers.add(onChange);
    return new Promise((resolve) =>
      signal.addEventListener("abort", () => {
        this.readers.delete(onChange);
        resolve();
      })
    );
  }

  #known<T>(id: bigint, value: T): Promise<T> {
    if (id === 7n) return Promise.resolve(value);
    return Promise.reject(new FlwrError("not-found", `Run ${id} is unknown`));
  }
}
