import { unlessAborted } from "../../base/aborted.ts";
import type { ConfigRecord } from "../../app/config_record.ts";
import type { FleetConnection } from "../../app/connection.ts";
import type { Message } from "../../app/message.ts";
import { MessageErrorCode, type RunId } from "../../entities/metadata.ts";
import { type Clock, WOKEN } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { type Answer, answerInstruction } from "./answer.ts";
import { SEE_NODE_LOG } from "../../hosting/app/failure.ts";
import { HEARTBEAT_INTERVAL_SECONDS, STOP_SECONDS } from "./limits.ts";
import { Membership, Superseded } from "./membership.ts";
import type { NodeEvent, OnNodeEvent } from "./node_event.ts";
import type { NodeTracing } from "./node_tracing.ts";
import { IdleRuns } from "./runs/idle_runs.ts";
import type { NodeRuns } from "./runs/prepared_run.ts";
import type { KeyForApps } from "./registered_key.ts";
import { RunStates } from "./runs/run_states.ts";

/** A heartbeat is due this long before the announced interval ends, with random variation, as in Flower. */
const HEARTBEAT_MARGIN_SECONDS = 5;
const HEARTBEAT_FRACTION = 0.8;
const HEARTBEAT_JITTER = 0.1;

/**
 * Seconds to the next heartbeat: (30 − 5) · (0.8 ± 0.1), so that the heartbeats of nodes started together spread out.
 *
 * @param uniform a random number in [0, 1)
 */
function heartbeatWait(uniform: number): number {
  const fraction = HEARTBEAT_FRACTION + HEARTBEAT_JITTER * (2 * uniform - 1);
  return (HEARTBEAT_INTERVAL_SECONDS - HEARTBEAT_MARGIN_SECONDS) * fraction;
}

/** Seconds to the next pull after a failed one: the first wait, the longest, and the growth. */
const PULL_RETRY_SECONDS = { least: 0.1, most: 3, growth: 1.3 } as const;

/** Seconds to the next pull after a number of consecutive failures. */
function pullRetryWait(failures: number): number {
  const { least, most, growth } = PULL_RETRY_SECONDS;
  return Math.min(most, least * growth ** (failures - 1));
}

/** Options of a {@link SuperNode}. */
export interface NodeOptions {
  readonly connection: FleetConnection;
  readonly runs: NodeRuns;
  readonly nodeConfig: ConfigRecord;
  /** Address of the SuperLink, for the log. */
  readonly superLink: string;
  /** The node's name from `--name`, for the log. */
  readonly name?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the run's app instance, if there is one. */
  readonly releaseRun?: (runId: RunId) => void;
  /** Whether error texts are sent to the SuperLink. Default: false, only the error's type and position. */
  readonly sendErrorDetails?: boolean;
  /** The node's registered key, for apps of a run (default: none). */
  readonly registeredKey?: KeyForApps;
  /** Traces the node's work (default: nothing does). */
  readonly tracing?: NodeTracing | undefined;
  /** Gets the node's events (default: nothing does). */
  readonly onEvent?: OnNodeEvent | undefined;
}

/** Most runs that are prepared at the same time before their first instructions. */
const MAX_EXPECTED_RUNS = 2;

/** Error codes after which a node continues: they concern one message, or are temporary. */
const NON_FATAL = new Set(["data-loss", "internal", "invalid-argument", "resource-exhausted"]);

/**
 * A SuperNode: joins, sends heartbeats, and answers instructions one after the other with the ClientApps of their runs.
 * It leaves at the end. Messages of several runs are handled in the order in which the SuperLink hands them out.
 */
export class SuperNode {
  readonly #options: NodeOptions;
  readonly #membership: Membership;
  readonly #states = new RunStates();
  readonly #idle: IdleRuns;
  readonly #log = log("supernode");
  /** Number of runs that are being prepared before their first instructions. */
  #expected = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#membership = new Membership(options);
    const { runs, clock, releaseRun = () => {} } = options;
    const over = (runId: RunId) => this.#states.endRun(runId);
    this.#idle = new IdleRuns({ runs, clock, release: releaseRun, over });
  }

  /**
   * Works until `signal` is aborted, then leaves.
   *
   * @throws FlwrError when the SuperLink refuses the node, or cannot be reached within the limits the user set
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#membership.join(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    // A loop that fails ends the others.
    const failed = new AbortController();
    const ended = AbortSignal.any([signal, failed.signal]);
    const loops = [
      this.#sendHeartbeats(ended),
      this.#work(ended),
      this.#idle.watch(ended),
    ].map((loop) =>
      loop.catch((error) => {
        failed.abort();
        throw error;
      })
    );
    const outcomes = await Promise.allSettled(loops);
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    // A superseded node must not leave: it would log out the newer program.
    if (!(failure?.reason instanceof Superseded)) await this.#membership.leave();
    if (failure !== undefined && !signal.aborted) throw failure.reason;
  }

  /**
   * Prepares a run whose instructions may follow soon: fetches and loads its app. If that fails, the first instruction
   * tries again. Never rejects.
   */
  async expectRun(runId: RunId): Promise<void> {
    if (this.#expected === MAX_EXPECTED_RUNS) return;
    this.#expected++;
    try {
      using _ = this.#idle.markBusy(runId);
      await this.#options.runs.prepare(runId);
    } catch (error) {
      const { message: reason } = FlwrError.from(error);
      this.#log.debug("Run {runId} cannot be prepared yet: {reason}", { runId, reason });
    } finally {
      this.#expected--;
    }
  }

  async #sendHeartbeats(signal: AbortSignal): Promise<void> {
    const { connection, clock, random } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(heartbeatWait(random.uniform()), signal);
      if (signal.aborted) return;
      try {
        const beating = this.#membership.call(
          () => connection.heartbeat(HEARTBEAT_INTERVAL_SECONDS),
          signal,
          (known) => !known,
        );
        // While the SuperLink is away, a heartbeat is repeated without end, which a node that stops must not wait for.
        await unlessAborted(beating, signal);
        if (!signal.aborted) this.#report({ kind: "heartbeat", isSent: true });
      } catch (error) {
        if (!signal.aborted) this.#report({ kind: "heartbeat", isSent: false });
        if (signal.aborted && !(error instanceof Superseded)) return;
        this.#logUnlessFatal(error, "A heartbeat failed: {reason}");
      }
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { connection, clock } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      let instruction: Message | undefined;
      const pullBegan = Date.now();
      try {
        instruction = await this.#membership.call(() => connection.pull(signal), signal);
        failures = 0;
      } catch (error) {
        this.#report({ kind: "pull-failed" });
        this.#logFailedPull(error);
        failures += 1;
        await clock.sleep(pullRetryWait(failures), signal);
      }
      if (instruction === undefined) continue;
      const { tracing } = this.#options;
      const { metadata } = instruction;
      const handle = () => this.#handle(instruction, signal);
      await (tracing?.instruction(metadata, pullBegan, handle) ?? handle());
    }
  }

  /** Logs why an instruction could not be fetched. @throws the error if it is fatal */
  #logFailedPull(error: unknown): void {
    if (error instanceof Superseded) throw error;
    if (FlwrError.from(error).code === "permission-denied") {
      this.#log.debug("Skipped an instruction, because its run is over");
    } else {
      this.#logUnlessFatal(error, "Could not fetch an instruction: {reason}");
    }
  }

  async #handle(instruction: Message, signal: AbortSignal): Promise<void> {
    const { runId, groupId, messageType, messageId } = instruction.metadata;
    const run = groupId === "" ? `Run ${runId}` : `Run ${runId}, round ${groupId}`;
    const facts = { run, runId, groupId, messageType, messageId };
    this.#log.info("{run}: received {messageType} {messageId}", {
      event: "instruction-received",
      ...facts,
    });
    this.#report({ kind: "instruction-received", messageType });
    using _ = this.#idle.markBusy(runId);
    const answer = await this.#step(
      messageType,
      () => this.#answer(instruction, signal),
      (answer) => answer?.reply.error !== undefined,
    );
    if (answer === undefined) {
      this.#report({ kind: "reply", outcome: "not-needed" });
      this.#log.info("{run} has ended. The reply was not sent", {
        event: "reply-not-sent",
        ...facts,
      });
      return;
    }
    const { reply, seconds, details = reply.error?.reason } = answer;
    const isError = reply.error !== undefined;
    this.#report({ kind: "instruction-answered", messageType, seconds, isError });
    // Each line of a stack is a line of the log.
    const [reason, ...more] = details?.split(/\r?\n/) ?? [];
    if (reply.error !== undefined) {
      this.#log.error("{run}: {messageType} failed: {reason}", {
        event: "instruction-failed",
        ...facts,
        reason,
      });
      for (const line of more) this.#log.error("  {line}", { line });
    }
    try {
      await this.#step("push", () => this.#push(reply, seconds, signal));
      this.#report({ kind: "reply", outcome: "sent" });
      this.#log.info("{run}: sent reply", { event: "reply-sent", ...facts });
    } catch (error) {
      if (error instanceof Superseded) throw error;
      // A SuperLink that was restarted without a database does not know the run.
      if (["permission-denied", "not-found"].includes(FlwrError.from(error).code)) {
        this.#report({ kind: "reply", outcome: "not-needed" });
        this.#log.info("{run} has ended. The SuperLink did not need the reply", {
          event: "reply-not-needed",
          ...facts,
        });
      } else {
        this.#report({ kind: "reply", outcome: "failed" });
        this.#logUnlessFatal(error, "Could not send the reply: {reason}");
      }
    }
  }

  /** Does a part of the work on an instruction, traced if there are traces. */
  #step<T>(name: string, work: () => Promise<T>, isError?: (result: T) => boolean): Promise<T> {
    return this.#options.tracing?.step(name, work, isError) ?? work();
  }

  #report(event: NodeEvent): void {
    this.#options.onEvent?.(event);
  }

  /** Answers an instruction. Undefined if no reply is needed. */
  async #answer(instruction: Message, signal: AbortSignal): Promise<Answer | undefined> {
    try {
      return await answerInstruction(instruction, {
        ...this.#options,
        states: this.#states,
        nodeId: this.#membership.nodeId,
      }, signal);
    } catch (thrown) {
      const error = FlwrError.from(thrown);
      // The next pull finds out whether the SuperLink still knows the node.
      if (error.code === "unauthenticated" || error.code === "not-found") return undefined;
      if (!NON_FATAL.has(error.code)) throw error;
      const { sendErrorDetails = false } = this.#options;
      const reason = sendErrorDetails ? error.message : `${error.code}; ${SEE_NODE_LOG}`;
      const reply = instruction.replyError(
        MessageErrorCode.Unknown,
        `The SuperNode could not handle the message: ${reason}`,
      );
      return { reply, seconds: 0, details: error.message };
    }
  }

  /** Sends a reply. A node that stops gives up after a few seconds, because its SuperLink may be gone. */
  async #push(reply: Message, seconds: number, signal: AbortSignal): Promise<void> {
    const { connection, clock } = this.#options;
    const pushing = this.#membership.call(() => connection.push(reply, seconds), signal);
    const { promise: gaveUp, reject } = Promise.withResolvers<never>();
    const done = new AbortController();
    const hurry = () =>
      clock.sleep(STOP_SECONDS, done.signal).then(() =>
        reject(new FlwrError("cancelled", "The SuperNode stopped before its reply was sent"))
      );
    if (signal.aborted) hurry();
    else signal.addEventListener("abort", hurry, { once: true });
    try {
      await Promise.race([pushing, gaveUp]);
    } finally {
      signal.removeEventListener("abort", hurry);
      done.abort(WOKEN);
      // The promise that lost the race must not become an unhandled rejection.
      for (const late of [pushing, gaveUp]) late.catch(() => {});
    }
  }

  /** Logs an error after which the node can continue. @throws any other error */
  #logUnlessFatal(thrown: unknown, words: string): void {
    const error = FlwrError.from(thrown);
    if (!NON_FATAL.has(error.code)) throw error;
    this.#log.warn(words, { reason: error.message });
  }
}
