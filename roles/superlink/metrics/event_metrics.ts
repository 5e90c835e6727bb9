import { type Clock, systemClock } from "../../../base/clock.ts";
import type { LinkEvent } from "../../../link/events.ts";
import { messageKind } from "../../../entities/message_kind.ts";
import { Counter } from "../../../telemetry/counter.ts";
import { Histogram } from "../../../telemetry/histogram.ts";
import type { Metric } from "../../../telemetry/metric.ts";
import { OpenTimes } from "./open_times.ts";

/** Bounds in seconds of waits for a run to begin. */
const WAIT_SECONDS = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3600];
/** Bounds in seconds of a run's duration, up to a week. */
const RUN_SECONDS = [1, 10, 60, 300, 1800, 7200, 28_800, 86_400, 604_800];
/** Bounds in seconds of the time to an answer, up to a day. */
const ANSWER_SECONDS = [0.1, 0.3, 1, 3, 10, 60, 300, 1800, 7200, 86_400];

type EventOf<K extends LinkEvent["kind"]> = Extract<LinkEvent, { kind: K }>;
type InstructionEvent = Extract<LinkEvent, { instruction: unknown }>;

/** Series of events of instructions: about 40 can occur. */
const MAX_EVENT_SERIES = 48;

/** Metrics that the events of the domain tell. Each SuperLink of a shared store counts its own events. */
export class EventMetrics {
  readonly #clock: Clock;
  readonly #created = new OpenTimes<bigint>();
  readonly #began = new OpenTimes<bigint>();

  readonly #transitions = new Counter({
    name: "flwr_node_transitions",
    help: "Changes of the states of nodes",
    labels: ["to"],
  }).declare("joined").declare("offline").declare("returned");
  readonly #finished = new Counter({
    name: "flwr_runs_finished",
    help: "Finished runs by outcome",
    labels: ["outcome"],
  }).declare("completed").declare("failed").declare("stopped");
  readonly #interrupted = new Counter({
    name: "flwr_runs_interrupted",
    help: "Runs whose ServerApp ended and that continue from a checkpoint",
  });
  readonly #runSeconds = new Histogram(
    {
      name: "flwr_run_duration_seconds",
      help: "Time from the start of a run to its end, interruptions included",
      labels: ["outcome"],
    },
    RUN_SECONDS,
    3,
  );
  readonly #waitSeconds = new Histogram({
    name: "flwr_run_wait_seconds",
    help: "Time from the submission of a run to its start",
  }, WAIT_SECONDS);
  readonly #instructions = new Counter(
    {
      name: "flwr_instruction_events",
      help:
        "Instructions by event and type; reason is why one was requeued or refused, or the code of its error",
      labels: ["event", "message_type", "reason"],
    },
    MAX_EVENT_SERIES,
  );
  readonly #answerSeconds = new Histogram(
    {
      name: "flwr_instruction_answer_seconds",
      help: "Time from handing an instruction to its node until its answer",
      labels: ["message_type"],
    },
    ANSWER_SECONDS,
    4,
  );
  readonly #repliesRefused = new Counter({
    name: "flwr_replies_refused",
    help: "Replies of nodes that were refused, by reason",
    labels: ["reason"],
  }, 8);
  readonly #pushesExpired = new Counter({
    name: "flwr_pushes_expired",
    help: "Pushes whose objects did not arrive in time",
  });
  readonly #storeFailures = new Counter({
    name: "flwr_store_failures",
    help: "Reports that the store cannot write, at most one per minute",
  });
  readonly #housekeepingFailures = new Counter({
    name: "flwr_housekeeping_failures",
    help: "Failures of the store during housekeeping",
  });

  readonly metrics: readonly Metric[] = [
    this.#transitions,
    this.#finished,
    this.#interrupted,
    this.#runSeconds,
    this.#waitSeconds,
    this.#instructions,
    this.#answerSeconds,
    this.#repliesRefused,
    this.#pushesExpired,
    this.#storeFailures,
    this.#housekeepingFailures,
  ];

  /** @param clock default: the machine's */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Counts an event. */
  onEvent(event: LinkEvent): void {
    if ("instruction" in event) return this.#onInstruction(event);
    if (event.kind.startsWith("node-")) return this.#onNode(event);
    switch (event.kind) {
      case "run-created":
        return this.#created.set(event.runId, this.#clock.now());
      case "run-began":
        return this.#onBegan(event);
      case "run-interrupted":
        return this.#interrupted.add();
      case "run-finished":
        return this.#onFinished(event);
      case "instruction-refused":
        return this.#instructions.add(["refused", "", event.code]);
      case "reply-refused":
        return this.#repliesRefused.add([event.code]);
      case "push-expired":
        return this.#pushesExpired.add();
      case "store-failed":
        return this.#storeFailures.add();
      case "housekeeping-failed":
        return this.#housekeepingFailures.add();
    }
  }

  #onNode(event: LinkEvent): void {
    if (event.kind === "node-joined" && event.takeover) {
      return this.#transitions.add(["taken_over"]);
    }
    const forgotten = event.kind === "node-left" && event.forgotten;
    this.#transitions.add([forgotten ? "forgotten" : event.kind.slice("node-".length)]);
  }

  #onBegan({ runId }: EventOf<"run-began">): void {
    const now = this.#clock.now();
    const created = this.#created.take(runId);
    if (created !== undefined) this.#waitSeconds.observe([], now - created);
    // A run that goes on after an interruption began earlier.
    if (!this.#began.has(runId)) this.#began.set(runId, now);
  }

  #onFinished({ runId, state }: EventOf<"run-finished">): void {
    const outcome = state.slice("finished:".length);
    this.#finished.add([outcome]);
    this.#created.take(runId);
    const began = this.#began.take(runId);
    if (began !== undefined) this.#runSeconds.observe([outcome], this.#clock.now() - began);
  }

  #onInstruction(event: InstructionEvent): void {
    const type = messageKind(event.instruction.messageType);
    switch (event.kind) {
      case "instruction-pushed":
        return this.#instructions.add(["pushed", type, ""]);
      case "instruction-handed-out":
        return this.#instructions.add([
          event.delivery === 1 ? "handed_out" : "redelivered",
          type,
          "",
        ]);
      case "instruction-requeued":
        return this.#instructions.add(["requeued", type, event.cause]);
      case "instruction-answered": {
        const since = event.times.handedOutAt;
        if (since !== undefined) this.#answerSeconds.observe([type], this.#clock.now() - since);
        // An error is not an answer that anyone can use.
        return event.error === undefined
          ? this.#instructions.add(["answered", type, ""])
          : this.#instructions.add(["failed", type, `${event.error.code}`]);
      }
      case "instruction-failed":
        return this.#instructions.add(["failed", type, `${event.code}`]);
    }
  }
}
