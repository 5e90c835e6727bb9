import type { ProgressEvent } from "../../app/events.ts";
import type { Grid } from "../../app/grid.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { Failure, PhaseRecord, Result } from "../../app/result.ts";
import { type HistoryJson, historyToJson } from "../../app/strategy/history_json.ts";
import type { FlwrError } from "../../base/error.ts";
import { printable } from "../../base/printable.ts";
import { counted, formatBytes, formatSeconds } from "../../base/readable.ts";
import { formatMetrics } from "./metrics_text.ts";
import { incompleteDetails, sharesText } from "./incomplete.ts";
import { summaryTable } from "./summary_table.ts";

/** Most nodes that a line names. */
const NODES_SHOWN = 5;

/** Most nodes of a phase whose replies have a line each. With more, there is one line from time to time. */
const MAX_REPLY_LINES = 20;

/** Seconds between two lines about the replies of a large phase. */
const PROGRESS_SECONDS = 5;

/** Most different reasons of failures that a large phase's end names. */
const REASONS_SHOWN = 3;

/** A run's result as `--json` prints it. */
export interface RunJson {
  /** The id as text, because JSON numbers do not hold 64 bits. Undefined if no run was created. */
  "run-id"?: string;
  success: boolean;
  error?: string;
  /** One history per strategy that the ServerApp ran to its end. */
  histories: HistoryJson[];
}

/** Prints a run's progress to the terminal, and collects its results. */
export class RunReport {
  readonly #write: (line: string) => void;
  readonly #results: Result[] = [];
  #grid: Grid | undefined;
  /** The phase in progress. */
  #phase = { nodes: 0, replies: 0, reportedAt: 0 };
  #success = false;
  #error: string | undefined;

  /** @param write prints one line, given without its line break */
  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Prints the grid's events from now on. */
  follow(grid: Grid): void {
    this.#grid = grid;
    this.#write(`Run ${grid.runId}`);
    grid.subscribe((event) => this.#show(event));
  }

  /** The ServerApp saved a file of `size` bytes. Undefined: the SuperLink keeps no artifacts. */
  saved(name: string, size: number | undefined): void {
    this.#write(
      size === undefined
        ? `Not saved: ${name}. This run's SuperLink keeps no artifacts`
        : `Saved ${name}, ${formatBytes(size)}`,
    );
  }

  /** Prints a sentence for the user, if there is one. */
  note(sentence: string | undefined): void {
    if (sentence !== undefined) this.#write(printable(`Note: ${sentence}`));
  }

  /** The run's id. Undefined until the run is created. */
  get runId(): bigint | undefined {
    return this.#grid?.runId;
  }

  /** Which nodes contributed nothing to training or to evaluation, as a sentence; "" if all contributed. */
  get incomplete(): string {
    const contributions = this.#results.map(({ contributions }) => contributions);
    return incompleteDetails(contributions, (nodeId) => this.#nodeOf(nodeId));
  }

  /** The ServerApp returned: the run succeeded. Prints the summary. */
  finished(): void {
    this.#success = true;
    this.#write("");
    this.#write("[SUMMARY]");
    if (this.#results.length === 0) this.#write("Run finished");
    for (const result of this.#results) {
      const rounds = counted(result.rounds.length, "round");
      const early = result.stoppedEarly ? ", stopped early" : "";
      this.#write(`Run finished ${rounds} in ${formatSeconds(result.seconds)}${early}`);
      for (const line of summaryTable(result)) this.#write(printable(line));
      for (const line of this.#contributionLines(result)) this.#write(printable(line));
    }
  }

  /** The ServerApp failed, or was stopped. */
  failed({ message }: FlwrError): void {
    this.#error = message;
  }

  toJson(): RunJson {
    return {
      ...(this.runId === undefined ? {} : { "run-id": String(this.runId) }),
      success: this.#success,
      ...(this.#error === undefined ? {} : { error: this.#error }),
      histories: this.#results.map((result) =>
        historyToJson(result, (nodeId) => this.#grid?.nodeName(nodeId))
      ),
    };
  }

  #show(event: ProgressEvent): void {
    // Reasons and names of metrics come from nodes.
    for (const line of this.#describe(event)) this.#write(printable(line));
  }

  #describe(event: ProgressEvent): string[] {
    switch (event.type) {
      case "waiting-for-nodes":
        return [`Waiting for nodes: ${event.online} of ${event.needed} online`];
      case "strategy-started":
        return [`${event.strategy}, ${counted(event.numRounds, "round")}`];
      case "initial-arrays-requested":
        return [`Asking ${this.#nodeOf(event.nodeId)} for its initial arrays`];
      case "initial-arrays": {
        const from = event.nodeId === undefined ? "the ServerApp" : this.#nodeOf(event.nodeId);
        return [
          `Initial model from ${from}: ${counted(event.arrays, "array")}, ${
            formatBytes(event.bytes)
          }`,
        ];
      }
      case "resumed":
        return [`Resumed after round ${event.round} of ${event.numRounds}`];
      case "checkpoint-failed":
        return [`Checkpoint of round ${event.round} not saved: ${event.reason}`];
      case "round-started":
        return ["", `[ROUND ${event.round}/${event.numRounds}]`];
      case "phase-started":
        this.#phase = { nodes: event.nodeIds.length, replies: 0, reportedAt: 0 };
        return [`  ${event.phase}: ${event.nodeIds.length} of ${counted(event.available, "node")}`];
      case "waiting-for-replies": {
        const [shown, more] = [
          event.nodeIds.slice(0, NODES_SHOWN),
          event.nodeIds.length - NODES_SHOWN,
        ];
        const names = shown.map((nodeId) => this.#nodeOf(nodeId)).join(", ");
        return [
          `    waiting for ${event.nodeIds.length} of ${counted(event.sent, "reply")} ` +
          `after ${formatSeconds(event.seconds)}: ${names}${more > 0 ? `, and ${more} more` : ""}`,
        ];
      }
      case "reply": {
        const phase = this.#phase;
        phase.replies++;
        if (phase.nodes > MAX_REPLY_LINES) {
          if (event.seconds - phase.reportedAt < PROGRESS_SECONDS) return [];
          phase.reportedAt = event.seconds;
          const after = formatSeconds(event.seconds);
          return [`    ${phase.replies} of ${phase.nodes} nodes replied after ${after}`];
        }
        const took = formatSeconds(event.seconds);
        const node = this.#nodeOf(event.nodeId);
        return event.error === undefined
          ? [`    ${node} replied after ${took}`]
          : [`    ${node} failed after ${took}: ${event.error.reason}`];
      }
      case "phase-finished":
        return this.#describePhase(event.phase);
      case "server-evaluated":
        return [`  server evaluation: ${formatMetrics(event.metrics)}`];
      case "round-finished":
        return [];
      case "stopped-early":
        return [
          "",
          `Stopped early, after round ${event.round} of ${event.numRounds}${
            event.reason === undefined ? "" : `: ${event.reason}`
          }`,
        ];
      case "privacy-spent": {
        const { epsilon, delta, unit, neighboringRelation, samplingMethod, accountingMethod } =
          event.privacy;
        return [
          `  privacy: ε ${Number(epsilon.toPrecision(4))} at δ ${delta}, for each ${unit} ` +
          `(${neighboringRelation}, ${samplingMethod}, ${accountingMethod}; metrics not included)`,
        ];
      }
      case "strategy-finished":
        this.#results.push(event.result);
        return [];
      case "note":
        return [event.text];
    }
  }

  #describePhase({ phase, results, failures, metrics, seconds }: PhaseRecord): string[] {
    const counts = `${counted(results.length, "result")}, ${counted(failures.length, "failure")}`;
    const lines = [`  ${phase}: ${counts}, ${formatSeconds(seconds)}`];
    if (this.#phase.nodes > MAX_REPLY_LINES) lines.push(...this.#reasonLines(failures));
    else {for (const { nodeId, code, reason } of failures) {
        // A node's error reply was printed when it arrived; a rejected reply was not.
        if (code !== undefined) continue;
        const why = reason.replace(/^Reply rejected: /, "");
        lines.push(`    rejected the reply of ${this.#nodeOf(nodeId)}: ${why}`);
      }}
    if (metrics !== undefined && metrics.size > 0) lines.push(`    ${formatMetrics(metrics)}`);
    return lines;
  }

  /** The most frequent reasons of failures, each with one of its nodes. */
  #reasonLines(failures: readonly Failure[]): string[] {
    const byReason = Map.groupBy(failures, ({ reason }) => reason);
    const sorted = [...byReason].sort(([, a], [, b]) => b.length - a.length);
    const lines = sorted.slice(0, REASONS_SHOWN).map(([reason, those]) => {
      const count = counted(those.length, "failure");
      return `    ${count}, for example ${this.#nodeOf(those[0]!.nodeId)}: ${reason}`;
    });
    const more = sorted.length - REASONS_SHOWN;
    return more > 0 ? [...lines, `    and ${counted(more, "other reason")}`] : lines;
  }

  /** One line for each node that failed at least once. */
  #contributionLines({ contributions, rounds }: Result): string[] {
    const failing = contributions.filter(({ lastFailure }) => lastFailure !== undefined);
    if (failing.length === 0) return [];
    return [
      "",
      "Nodes with failures:",
      ...failing.slice(0, MAX_REPLY_LINES).map((contribution) => {
        const { nodeId, asked, lastFailure } = contribution;
        const { round, phase, reason } = lastFailure!;
        const absent = asked < rounds.length
          ? `, asked in ${asked} of ${counted(rounds.length, "round")}`
          : "";
        return `  ${this.#nodeOf(nodeId)}: ${sharesText(contribution)}${absent}. ` +
          `Last error in round ${round} (${phase}): ${reason}`;
      }),
      ...(failing.length > MAX_REPLY_LINES
        ? [`  and ${counted(failing.length - MAX_REPLY_LINES, "other node")}`]
        : []),
    ];
  }

  /** A node's name in the lines. */
  #nodeOf(nodeId: NodeId): string {
    return `node ${this.#grid?.nodeLabel(nodeId) ?? nodeId}`;
  }
}
