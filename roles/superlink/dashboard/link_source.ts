import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { VERSION } from "../../../base/version.ts";
import { isFinished, type LinkRun, unknownRun } from "../../../entities/run.ts";
import type { Link } from "../../../link/link.ts";
import type { Changes } from "../../dashboard/model/changes.ts";
import type { EventPage } from "../../dashboard/model/event.ts";
import type { NodeRow } from "../../dashboard/model/node.ts";
import type { Overview } from "../../dashboard/model/overview.ts";
import type { NodeResult, NodeSeries, PhaseName, Rounds } from "../../dashboard/model/rounds.ts";
import type { LogChunk, RunDetails, RunPage } from "../../dashboard/model/run.ts";
import { shownText } from "../../dashboard/shown_text.ts";
import type { ArtifactContent, DashboardSource } from "../../dashboard/source.ts";
import { eventRow } from "./event_rows.ts";
import { followJournal } from "./follow_journal.ts";
import { KeptApps } from "./kept_apps.ts";
import { NodeActivity } from "./node_activity.ts";
import { NodeDirectory } from "./node_directory.ts";
import { nodeRow } from "./node_rows.ts";
import { RunRoundNumbers } from "./round_numbers.ts";
import { runAgain, whyNotAgain } from "./run_again.ts";
import { RunProjections } from "./run_projections.ts";
import type { Answer } from "./run_rounds.ts";
import { runDetails, runRow } from "./run_rows.ts";

/** Bytes of a log in one piece. */
const LOG_PIECE_BYTES = 64 * 1024;

/** Seconds to wait for new text of a log. */
const LOG_HOLD_SECONDS = 15;

/** Seconds between two reads of a log, so that one that grows fast costs little. */
const LOG_PAUSE_SECONDS = 0.1;

/** Newest runs whose apps are kept at the start, if they go on. */
const LISTED_APPS = 50;

/** Events on a page. */
const PAGE_EVENTS = 200;

/** Options of {@link LinkSource}. */
export interface LinkSourceOptions {
  readonly link: Link;
  readonly clock: Clock;
  readonly isSimulated: boolean;
}

/** The data of a dashboard in the SuperLink's own process. */
export class LinkSource implements DashboardSource {
  readonly #options: LinkSourceOptions;
  readonly #directory: NodeDirectory;
  readonly #activity: NodeActivity;
  readonly #projections: RunProjections;
  readonly #roundNumbers: RunRoundNumbers;
  readonly #apps: KeptApps;

  constructor(options: LinkSourceOptions) {
    const { link, clock } = this.#options = options;
    this.#directory = new NodeDirectory(link.nodes, clock);
    this.#activity = new NodeActivity(link.journal);
    this.#projections = new RunProjections(link.journal);
    this.#roundNumbers = new RunRoundNumbers(link.journal);
    this.#apps = new KeptApps(link);
  }

  /** Keeps the app of a run that was just created, so that it can be started again. */
  keepApp(runId: bigint): Promise<void> {
    return this.#apps.keep(runId);
  }

  /** Keeps the apps of the runs that go on, which an earlier start of the SuperLink has created. Never rejects. */
  async keepApps(): Promise<void> {
    const runs = await this.#options.link.runs.list({ skip: 0, limit: LISTED_APPS }).catch(
      () => [],
    );
    for (const { runId, state } of runs.toReversed()) {
      if (!isFinished(state)) await this.#apps.keep(runId);
    }
  }

  overview(): Promise<Overview> {
    const { clock, isSimulated } = this.#options;
    return Promise.resolve({ version: VERSION, now: clock.now(), isSimulated, canRunAgain: true });
  }

  async runs({ skip, limit }: { skip: number; limit: number }): Promise<RunPage> {
    const found = await this.#options.link.runs.list({ skip, limit: limit + 1 });
    const runs = await Promise.all(
      found.slice(0, limit).map(async (run) => ({
        ...runRow(run),
        ...await this.#roundNumbers.of(run.runId, isFinished(run.state)),
      })),
    );
    return { runs, more: found.length > limit };
  }

  async run(id: bigint): Promise<RunDetails> {
    const run = await this.#get(id);
    const [artifacts, numbers] = await Promise.all([
      this.#options.link.artifacts.list(id),
      this.#roundNumbers.of(id, isFinished(run.state)),
    ]);
    const details = runDetails(run, artifacts, whyNotAgain(run, this.#apps.of(id)));
    return { ...details, ...numbers };
  }

  async log(
    id: bigint,
    after: number,
    { hold = false, signal }: { hold?: boolean; signal?: AbortSignal } = {},
  ): Promise<LogChunk> {
    const { link, clock } = this.#options;
    const { text, latest, finished, more } = await link.runs.readLog(id, after, {
      bytes: LOG_PIECE_BYTES,
      holdSeconds: hold ? LOG_HOLD_SECONDS : 0,
      ...(signal && { signal }),
    });
    if (hold && !more && !finished) await clock.sleep(LOG_PAUSE_SECONDS, signal);
    return { text: shownText(text), position: latest, isEnd: finished && !more };
  }

  async artifact(id: bigint, name: string): Promise<ArtifactContent> {
    const { artifacts } = this.#options.link;
    const artifact = (await artifacts.list(id)).find((artifact) => artifact.name === name);
    if (artifact === undefined) throw new FlwrError("not-found", `Run ${id} has no such artifact`);
    const { artifactId, size } = artifact;
    return {
      size,
      async *pieces() {
        for (let offset = 0; offset < size;) {
          const piece = await artifacts.readPiece(artifactId, offset);
          if (piece === undefined) {
            throw new FlwrError("not-found", "The artifact was removed while it was read");
          }
          yield piece;
          offset += piece.length;
        }
      },
    };
  }

  async rounds(id: bigint, from: number): Promise<Rounds> {
    await this.#get(id);
    return (await this.#projections.of(id)).rounds(from);
  }

  async round(id: bigint, round: number): Promise<readonly NodeResult[]> {
    await this.#get(id);
    const labelOf = await this.#directory.labels();
    const answers = (await this.#projections.of(id)).answers(round);
    return answers.map((answer) => nodeResult(answer, labelOf));
  }

  async series(id: bigint, phase: PhaseName, metric: string): Promise<NodeSeries> {
    await this.#get(id);
    const labelOf = await this.#directory.labels();
    return (await this.#projections.of(id)).series(phase, metric, labelOf);
  }

  async nodes(): Promise<readonly NodeRow[]> {
    await this.#activity.update();
    const [nodes, labelOf] = [await this.#directory.list(), await this.#directory.labels()];
    return nodes.map((node) => ({
      ...nodeRow(node, labelOf(node.nodeId)),
      ...this.#activity.of(node.nodeId),
    }));
  }

  async events(before: number, run?: bigint): Promise<EventPage> {
    const { records, position, more } = await this.#options.link.journal.before(before, {
      limit: PAGE_EVENTS,
      ...(run !== undefined && { runId: run }),
    });
    const labelOf = await this.#directory.labels();
    return { events: records.map((record) => eventRow(record, labelOf)), position, more };
  }

  stop(id: bigint): Promise<void> {
    return this.#options.link.runs.stop(id);
  }

  async runAgain(id: bigint, settings: string): Promise<bigint> {
    return await runAgain(this.#options.link, await this.#get(id), this.#apps.of(id), settings);
  }

  follow(onChange: (changes: Changes) => void, signal: AbortSignal): Promise<void> {
    const { link, clock } = this.#options;
    return followJournal(link.journal, clock, onChange, signal);
  }

  /** @throws FlwrError "not-found" */
  async #get(id: bigint): Promise<LinkRun> {
    const run = await this.#options.link.runs.get(id);
    if (run === undefined) throw new FlwrError("not-found", unknownRun(id));
    return run;
  }
}

function nodeResult(answer: Answer, labelOf: (nodeId: bigint) => string): NodeResult {
  const { nodeId, phase, delivery, appSeconds, at, seconds, error, metrics } = answer;
  return {
    nodeId: String(nodeId),
    label: labelOf(nodeId),
    phase,
    ...(delivery !== undefined && { pushedAt: delivery.pushedAt }),
    ...(delivery?.handedOutAt !== undefined && { handedOutAt: delivery.handedOutAt }),
    ...(appSeconds !== undefined && { appSeconds }),
    at,
    seconds,
    ...(error !== undefined && { error }),
    ...(metrics !== undefined && { metrics }),
  };
}
