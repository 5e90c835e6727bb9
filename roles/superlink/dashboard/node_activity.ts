import type { JournalRecord } from "../../../entities/journal.ts";
import type { Link } from "../../../link/link.ts";
import type { NodeRow } from "../../dashboard/model/node.ts";
import { shownText } from "../../dashboard/shown_text.ts";

/** Pages of the journal that are read when the first page of a dashboard asks: 10,000 records. */
const FIRST_PAGES = 5;

/** Nodes whose activity is kept, at most. */
const MAX_NODES = 20_000;

/** Characters of an error that are kept. */
const MAX_ERROR_LENGTH = 500;

/** What a node did, as a row shows it. */
type Activity = Pick<
  NodeRow,
  "answered" | "failed" | "lastSeconds" | "lastError" | "lastAnswerAt" | "lastRun"
>;

const NOTHING: Activity = { answered: 0, failed: 0 };

/** What nodes did, from the newest part of the journal on. */
export class NodeActivity {
  readonly #journal: Pick<Link["journal"], "since" | "before">;
  readonly #nodes = new Map<bigint, Activity>();
  #position: number | undefined;
  #reading: Promise<void> | undefined;

  constructor(journal: Pick<Link["journal"], "since" | "before">) {
    this.#journal = journal;
  }

  /** Reads what the journal has since the last time. */
  update(): Promise<void> {
    this.#reading ??= this.#read().finally(() => this.#reading = undefined);
    return this.#reading;
  }

  /** What a node did. */
  of(nodeId: bigint): Activity {
    return this.#nodes.get(nodeId) ?? NOTHING;
  }

  async #read(): Promise<void> {
    this.#position ??= await this.#start();
    for (let more = true; more;) {
      const page = await this.#journal.since(this.#position);
      for (const record of page.records) this.#add(record);
      ({ position: this.#position, more } = page);
    }
  }

  /** Where the newest part of the journal begins. */
  async #start(): Promise<number> {
    let position = Infinity;
    for (let page = 0; page < FIRST_PAGES; page++) {
      const found = await this.#journal.before(position);
      if (!found.more) return 0;
      position = found.position;
    }
    return position;
  }

  #add(record: JournalRecord): void {
    if (record.kind !== "instruction-answered" && record.kind !== "instruction-failed") return;
    const { nodeId, runId, at, data } = record;
    if (nodeId === undefined) return;
    const before = this.#nodes.get(nodeId) ?? NOTHING;
    const { error, handedOutAt } = data;
    this.#nodes.delete(nodeId);
    this.#nodes.set(nodeId, {
      ...before,
      answered: before.answered + (error === undefined ? 1 : 0),
      failed: before.failed + (error === undefined ? 0 : 1),
      ...(handedOutAt !== undefined && { lastSeconds: at - handedOutAt }),
      ...(error !== undefined && {
        lastError: shownText(error.reason).slice(0, MAX_ERROR_LENGTH),
      }),
      ...(record.kind === "instruction-answered" && {
        lastAnswerAt: at,
        ...(runId !== undefined && { lastRun: String(runId) }),
      }),
    });
    if (this.#nodes.size > MAX_NODES) this.#nodes.delete(this.#nodes.keys().next().value!);
  }
}
