import type { JournalDelivery, JournalMetrics, JournalRecord } from "../../../entities/journal.ts";
import type { Metrics, NodeSeries, PhaseName, PhaseRow } from "../../dashboard/model/rounds.ts";
import type { RoundRow, Rounds } from "../../dashboard/model/rounds.ts";
import { shownText } from "../../dashboard/shown_text.ts";
import { phaseOf, roundOf } from "./instruction_round.ts";
import { SentRounds } from "./sent_rounds.ts";

/** Rounds of a run that are kept, at most: as many as its journal has. */
const MAX_ROUNDS = 10_000;

/** Answers of nodes that are kept, at most: as many as the journal keeps of a run. */
const MAX_ANSWERS = 20_000;

/** Metrics of answers, and of rounds, that are kept, at most. An app may report 100 of each answer and phase. */
const MAX_ANSWER_VALUES = 500_000;
const MAX_ROUND_VALUES = 200_000;

/** Characters of an error that are kept. */
const MAX_ERROR_LENGTH = 500;

/** Names of metrics per phase, at most: an app could invent new ones for ever. */
const MAX_NAMES = 100;

/** Nodes with a line of their own in a chart. */
const SERIES_NODES = 8;

/** An answer of a node. */
export interface Answer {
  readonly nodeId: bigint;
  readonly round: number;
  readonly phase: PhaseName;
  delivery?: JournalDelivery;
  appSeconds?: number;
  at: number;
  seconds: number;
  error?: string;
  metrics?: Metrics;
}

/** A row while its round goes on. */
type OpenRow = { -readonly [Key in keyof Omit<RoundRow, "phases">]: RoundRow[Key] } & {
  phases: { -readonly [Key in keyof PhaseRow]: PhaseRow[Key] }[];
};

/**
 * The rounds of a run, from its journal. A ServerApp in TypeScript reports them. Those of others are derived from the
 * instructions that it sends.
 */
export class RunRounds {
  readonly #rows = new Map<number, OpenRow>();
  readonly #answers = new Map<string, Answer>();
  readonly #sent = new SentRounds();
  #answerValues = 0;
  #roundValues = 0;
  readonly #metrics = { train: new Set<string>(), evaluate: new Set<string>() };
  readonly #series = new Map<string, NodeSeries>();
  #strategy: string | undefined;
  #planned: number | undefined;

  /** Adds a record of the run. */
  add(record: JournalRecord): void {
    this.#series.clear();
    this.#addToRounds(record);
    this.#addAnswer(record);
    this.#sent.add(record);
  }

  /** The rounds from a number on. */
  rounds(from: number): Rounds {
    const rows = this.#rows.size > 0 ? [...this.#rows.values()] : this.#sent.rounds();
    return {
      ...(this.#strategy !== undefined && { strategy: this.#strategy }),
      ...(this.#planned !== undefined && { planned: this.#planned }),
      rounds: rows.filter(({ round }) => round >= from).sort((a, b) => a.round - b.round),
      nodeMetrics: { train: [...this.#metrics.train], evaluate: [...this.#metrics.evaluate] },
    };
  }

  /** The answers of a round's nodes, slowest first. */
  answers(round: number): readonly Answer[] {
    return [...this.#answers.values()].filter((answer) => answer.round === round)
      .sort((a, b) => b.seconds - a.seconds);
  }

  /** A metric's values on single nodes. @param labelOf returns a node's label */
  series(phase: PhaseName, metric: string, labelOf: (nodeId: bigint) => string): NodeSeries {
    const key = `${phase} ${metric}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const byNode = new Map<bigint, Map<number, number>>();
    for (const { nodeId, round, phase: of, metrics } of this.#answers.values()) {
      const value = of === phase ? metrics?.[metric] : undefined;
      if (typeof value !== "number") continue;
      const values = byNode.get(nodeId) ?? new Map<number, number>();
      byNode.set(nodeId, values.set(round, value));
    }
    const shown = [...byNode].slice(0, SERIES_NODES)
      .map(([nodeId, values]) => ({ nodeId, label: labelOf(nodeId), values }))
      .sort((a, b) => a.label.localeCompare(b.label, "en", { numeric: true }));
    const rounds = [...new Set(shown.flatMap(({ values }) => [...values.keys()]))]
      .sort((a, b) => a - b);
    const series = {
      rounds,
      nodes: shown.map(({ nodeId, label, values }) => ({
        id: String(nodeId),
        label,
        values: rounds.map((round) => values.get(round) ?? null),
      })),
      total: byNode.size,
    };
    this.#series.set(key, series);
    return series;
  }

  #addToRounds(record: JournalRecord): void {
    switch (record.kind) {
      case "strategy-started":
        this.#strategy = shownText(record.data.strategy);
        this.#planned = record.data.rounds;
        return;
      case "strategy-resumed":
        this.#planned = record.data.rounds;
        return;
      case "round-started":
        this.#planned = record.data.rounds;
        // A run that was interrupted does the round again.
        this.#removeRow(record.data.round);
        this.#row(record.data.round, record.at);
        return;
      case "phase-started": {
        const { round, phase, asked } = record.data;
        const row = this.#row(round, record.at);
        const earlier = row.phases.find((other) => other.phase === phase);
        this.#roundValues -= countOf(earlier?.metrics);
        row.phases = row.phases.filter((other) => other !== earlier);
        row.phases.push({ phase, startedAt: record.at, asked, results: 0, failures: 0 });
        return;
      }
      case "phase-finished": {
        const { round, phase, seconds, results, failures, metrics } = record.data;
        const row = this.#row(round, record.at - seconds).phases.find((row) => row.phase === phase);
        if (row === undefined) return;
        Object.assign(row, { seconds, results, failures });
        if (metrics !== undefined) row.metrics = this.#roundMetrics(metrics, row.metrics);
        return;
      }
      case "server-evaluated": {
        const row = this.#row(record.data.round, record.at);
        row.server = this.#roundMetrics(record.data.metrics, row.server);
        return;
      }
      case "round-finished":
        this.#row(record.data.round, record.at - record.data.seconds).seconds = record.data.seconds;
        return;
    }
  }

  #addAnswer(record: JournalRecord): void {
    if (record.kind === "node-replied") {
      const { round, phase, seconds, metrics, error } = record.data;
      if (round === undefined || phase === undefined || record.nodeId === undefined) return;
      const answer = this.#answer(record.nodeId, round, phase, record.at);
      answer.seconds = seconds;
      if (error !== undefined) answer.error = shownError(error.reason);
      if (metrics !== undefined) {
        this.#answerValues -= countOf(answer.metrics);
        answer.metrics = shownMetrics(metrics);
        this.#answerValues += countOf(answer.metrics);
        this.#trimAnswers();
        this.#addNames(phase, answer.metrics);
      }
      this.#countReply(round, phase, error !== undefined);
      return;
    }
    if (record.kind !== "instruction-answered" && record.kind !== "instruction-failed") return;
    const [round, phase] = [roundOf(record.data.groupId), phaseOf(record.data.messageType)];
    if (round === undefined || phase === undefined || record.nodeId === undefined) return;
    const { data, at } = record;
    const answer = this.#answer(record.nodeId, round, phase, at);
    answer.delivery = data;
    answer.at = at;
    answer.seconds = at - data.pushedAt;
    if ("appSeconds" in data && data.appSeconds !== undefined) answer.appSeconds = data.appSeconds;
    if (data.error !== undefined) answer.error = shownError(data.error.reason);
  }

  #addNames(phase: PhaseName, metrics: Metrics): void {
    const names = this.#metrics[phase];
    for (const name of Object.keys(metrics)) if (names.size < MAX_NAMES) names.add(name);
  }

  /** Counts a reply of a phase whose end has not been reported. */
  #countReply(round: number, phase: PhaseName, isFailure: boolean): void {
    const row = this.#rows.get(round)?.phases.find((row) => row.phase === phase);
    if (row === undefined || row.seconds !== undefined) return;
    if (isFailure) row.failures++;
    else row.results++;
  }

  #row(round: number, startedAt: number): OpenRow {
    const known = this.#rows.get(round);
    if (known !== undefined) return known;
    const row: OpenRow = { round, startedAt, phases: [] };
    this.#rows.set(round, row);
    if (this.#rows.size > MAX_ROUNDS) this.#removeRow(this.#rows.keys().next().value!);
    return row;
  }

  #removeRow(round: number): void {
    const row = this.#rows.get(round);
    if (row === undefined) return;
    this.#roundValues -= countOf(row.server);
    for (const { metrics } of row.phases) this.#roundValues -= countOf(metrics);
    this.#rows.delete(round);
  }

  /** Metrics of a round in place of others. The oldest rounds go for them. */
  #roundMetrics(metrics: JournalMetrics, earlier: Metrics | undefined): Metrics {
    const shown = shownMetrics(metrics);
    this.#roundValues += countOf(shown) - countOf(earlier);
    while (this.#roundValues > MAX_ROUND_VALUES && this.#rows.size > 1) {
      this.#removeRow(this.#rows.keys().next().value!);
    }
    return shown;
  }

  #answer(nodeId: bigint, round: number, phase: PhaseName, at: number): Answer {
    const key = `${round} ${phase} ${nodeId}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer: Answer = { nodeId, round, phase, at, seconds: 0 };
    this.#answers.set(key, answer);
    this.#trimAnswers();
    return answer;
  }

  #trimAnswers(): void {
    for (const [key, { metrics }] of this.#answers) {
      if (this.#answers.size <= MAX_ANSWERS && this.#answerValues <= MAX_ANSWER_VALUES) return;
      this.#answers.delete(key);
      this.#answerValues -= countOf(metrics);
    }
  }
}

function shownMetrics(metrics: JournalMetrics): Metrics {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [shownText(name), value]),
  );
}

function shownError(reason: string): string {
  return shownText(reason).slice(0, MAX_ERROR_LENGTH);
}

function countOf(metrics: Metrics | undefined): number {
  return metrics === undefined ? 0 : Object.keys(metrics).length;
}
