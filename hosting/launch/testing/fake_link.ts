import { FlwrError } from "../../../base/error.ts";
import type { ClaimedRun } from "../../../entities/run.ts";
import type { LinkRun } from "../../../entities/run.ts";
import { nextRunState, type RunTrigger } from "../../../link/runs/run_state.ts";
import type { LaunchLink } from "../../../roles/superlink/launch/link_runs.ts";

/** Fake of the domain for tests of launching, without a store or a clock. */
export class FakeLink implements LaunchLink {
  readonly runs: LaunchLink["runs"] = this;
  readonly #runs = new Map<bigint, LinkRun>();
  readonly #fabs = new Map<string, Uint8Array>();
  readonly #logs = new Map<bigint, string>();
  #changed = Promise.withResolvers<void>();

  /** Submits a run of a bundle. */
  submit(runId: bigint, fab?: Uint8Array): LinkRun {
    const run: LinkRun = {
      runId,
      fabId: "tests/app",
      fabVersion: "1.0.0",
      fabHash: `hash of ${runId}`,
      overrideConfig: {},
      federation: "@none/default",
      seriesId: runId,
      taskId: runId,
      state: "pending",
      details: "",
      pendingAt: 0,
      bytesSent: 0,
      bytesReceived: 0,
      clientAppSeconds: 0,
    };
    if (fab !== undefined) this.#fabs.set(run.fabHash, fab);
    this.#put(run);
    return run;
  }

  /** Ends a run from outside. */
  stop(runId: bigint): void {
    this.#move(runId, "stop");
  }

  state(runId: bigint): string {
    return this.#run(runId).state;
  }

  details(runId: bigint): string {
    return this.#run(runId).details;
  }

  log(runId: bigint): string {
    return this.#logs.get(runId) ?? "";
  }

  /** Resolves once the run is in the state. */
  async waitForState(runId: bigint, state: string): Promise<void> {
    while (this.state(runId) !== state) await this.#changed.promise;
  }

  async claim({ signal }: { signal?: AbortSignal } = {}): Promise<ClaimedRun | undefined> {
    for (;;) {
      if (signal?.aborted) return undefined;
      const run = [...this.#runs.values()].find(({ state }) => state === "pending");
      if (run !== undefined) {
        this.#move(run.runId, "claim");
        return { run: this.#run(run.runId), token: `token of ${run.runId}` };
      }
      const gone = Promise.withResolvers<void>();
      signal?.addEventListener("abort", () => gone.resolve(), { once: true });
      await Promise.race([this.#changed.promise, gone.promise]);
    }
  }

  begin(token: string): Promise<LinkRun> {
    return Promise.try(() => this.#move(this.#runOfToken(token).runId, "begin"));
  }

  heartbeat(token: string): Promise<boolean> {
    return Promise.try(() => this.#runOfToken(token) !== undefined).catch(() => false);
  }

  finish(
    token: string,
    { outcome, details }: { outcome: "completed" | "failed"; details: string },
  ): Promise<void> {
    return Promise.try(() => {
      const { runId } = this.#runOfToken(token);
      this.#move(runId, outcome === "completed" ? "complete" : "fail", details);
    });
  }

  fail(runId: bigint, details: string): Promise<void> {
    return Promise.try(() => {
      if (!this.state(runId).startsWith("finished")) this.#move(runId, "fail", details);
    });
  }

  interrupt(runId: bigint, details: string): Promise<void> {
    return Promise.try(() => void this.#move(runId, "interrupt", details));
  }

  appendLog(runId: bigint, lines: readonly string[]): Promise<void> {
    this.#logs.set(runId, this.log(runId) + lines.join(""));
    return Promise.resolve();
  }

  nodeSettings(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  getFab(hash: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#fabs.get(hash));
  }

  /** Pieces of attachments, which all bundles need. */
  readonly pieces = new Map<string, Uint8Array>();

  getFabPiece(_fabHash: string, hash: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.pieces.get(hash));
  }

  get(runId: bigint): Promise<LinkRun | undefined> {
    return Promise.resolve(this.#runs.get(runId));
  }

  #runOfToken(token: string): LinkRun {
    const run = [...this.#runs.values()].find(({ runId, state }) =>
      token === `token of ${runId}` && !state.startsWith("finished")
    );
    if (run === undefined) throw new FlwrError("unauthenticated", "The token is void");
    return run;
  }

  #run(runId: bigint): LinkRun {
    const run = this.#runs.get(runId);
    if (run === undefined) throw new FlwrError("not-found", `No run ${runId}`);
    return run;
  }

  #move(runId: bigint, event: RunTrigger, details = ""): LinkRun {
    const run = this.#run(runId);
    const state = nextRunState(run.state, event);
    if (state === undefined) {
      throw new FlwrError("failed-precondition", `Run ${runId} is ${run.state}`);
    }
    return this.#put({ ...run, state, details });
  }

  #put(run: LinkRun): LinkRun {
    this.#runs.set(run.runId, run);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    return run;
  }
}
