import type { Link } from "../../../link/link.ts";

/** Runs whose app is kept, at most. */
const MAX_RUNS = 50;

/** Bytes of apps that are kept, at most. An app has up to 10 MiB. */
const MAX_BYTES = 64 * 2 ** 20;

/** What a run was started with. */
export interface KeptApp {
  readonly hash: string;
  readonly content: Uint8Array;
  /** Settings of its simulated nodes. */
  readonly nodeSettings?: Uint8Array;
}

/** The apps of the newest runs, in memory: the store removes an app with the end of its last run. */
export class KeptApps {
  readonly #link: Pick<Link, "runs">;
  readonly #runs = new Map<bigint, KeptApp>();

  constructor(link: Pick<Link, "runs">) {
    this.#link = link;
  }

  /** Keeps the app of a run that was just created. Never rejects: without its app a run cannot be started again. */
  async keep(runId: bigint): Promise<void> {
    try {
      const run = await this.#link.runs.get(runId);
      if (run === undefined || run.fabHash === "") return;
      const known = [...this.#runs.values()].find(({ hash }) => hash === run.fabHash);
      const [content, nodeSettings] = await Promise.all([
        known?.content ?? this.#link.runs.getFab(run.fabHash),
        this.#link.runs.nodeSettings(runId),
      ]);
      if (content === undefined) return;
      this.#runs.set(runId, {
        hash: run.fabHash,
        content,
        ...(nodeSettings !== undefined && { nodeSettings }),
      });
      this.#trim();
    } catch {
      // The store's failure is reported elsewhere.
    }
  }

  /** The app of a run; undefined if it is not kept. */
  of(runId: bigint): KeptApp | undefined {
    return this.#runs.get(runId);
  }

  #trim(): void {
    while (this.#runs.size > MAX_RUNS || this.#bytes() > MAX_BYTES) {
      this.#runs.delete(this.#runs.keys().next().value!);
    }
  }

  /** Runs of one app share its bytes. */
  #bytes(): number {
    const parts = new Set<Uint8Array>();
    for (const { content, nodeSettings } of this.#runs.values()) {
      parts.add(content);
      if (nodeSettings !== undefined) parts.add(nodeSettings);
    }
    return [...parts].reduce((sum, { length }) => sum + length, 0);
  }
}
