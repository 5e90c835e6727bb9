import type { ConfigRecord } from "../../app/config_record.ts";
import type { FleetConnection } from "../../app/connection.ts";
import type { Message } from "../../app/message.ts";
import { MessageErrorCode, type RunId } from "../../entities/metadata.ts";
import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { type Answer, answerInstruction } from "./answer.ts";
import { IN_THE_LOG } from "../../hosting/app/failure.ts";
import { FAREWELL_SECONDS, HEARTBEAT_INTERVAL_SECONDS } from "./limits.ts";
import { Membership, Superseded } from "./membership.ts";
import { IdleRuns } from "./runs/idle_runs.ts";
import type { Runs } from "./runs/prepared_run.ts";
import { RunStates } from "./runs/run_states.ts";

/** How long before the promise runs out a heartbeat is due, and by how much that varies, as in Flower. */
const HEARTBEAT_MARGIN_SECONDS = 5;
const HEARTBEAT_FRACTION = 0.8;
const HEARTBEAT_JITTER = 0.1;

/**
 * Seconds to the next heartbeat: (30 − 5) · (0.8 ± 0.1), so that many nodes started together spread out.
 *
 * @param uniform a random number in [0, 1)
 */
function heartbeatWait(uniform: number): number {
  const fraction = HEARTBEAT_FRACTION + HEARTBEAT_JITTER * (2 * uniform - 1);
  return (HEARTBEAT_INTERVAL_SECONDS - HEARTBEAT_MARGIN_SECONDS) * fraction;
}

/** Seconds to the next pull after one that failed: at first, and at most. */
const PULL_RETRY_SECONDS = { least: 0.1, most: 3, growth: 1.3 } as const;

/** Seconds to the next pull after so many in turn that failed. */
function pullRetryWait(failures: number): number {
  const { least, most, growth } = PULL_RETRY_SECONDS;
  return Math.min(most, least * growth ** (failures - 1));
}

/** What a SuperNode works with. */
export interface NodeOptions {
  readonly connection: FleetConnection;
  readonly runs: Runs;
  readonly nodeConfig: ConfigRecord;
  /** Where the SuperLink is, for the log. */
  readonly superLink: string;
  /** What the node calls itself, for the log. */
  readonly name?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the instance of the app that a run has, where one is there. */
  readonly releaseRun?: (runId: RunId) => void;
  /** Whether the SuperLink gets the texts of errors; otherwise their kind and place only. Default: false. */
  readonly sendErrorDetails?: boolean;
}

/** Errors after which a node goes on: something is wrong with one message, or with the SuperLink for a moment. */
const PASSING = new Set(["data-loss", "internal", "invalid-argument", "resource-exhausted"]);

/**
 * A SuperNode's life: join, send heartbeats, and one after the other pull an instruction, have its run's ClientApp
 * handle it, push the reply; leave at the end. Messages of several runs take turns as the SuperLink hands them out.
 */
export class SuperNode {
  readonly #options: NodeOptions;
  readonly #membership: Membership;
  readonly #states = new RunStates();
  /** What is done between messages. */
  readonly #idle: IdleRuns;
  readonly #log = log("supernode");

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#membership = new Membership(options);
    const { runs, clock, releaseRun = () => {} } = options;
    const over = (runId: RunId) => this.#states.endRun(runId);
    this.#idle = new IdleRuns({ runs, clock, release: releaseRun, over });
  }

  /**
   * Works until `signal` is aborted, then leaves in order.
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
    // Whichever of the loops fails ends the others.
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
    // The node is the other program's now.
    if (!(failure?.reason instanceof Superseded)) await this.#membership.leave();
    if (failure !== undefined && !signal.aborted) throw failure.reason;
  }

  async #sendHeartbeats(signal: AbortSignal): Promise<void> {
    const { connection, clock, random } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(heartbeatWait(random.uniform()), signal);
      if (signal.aborted) return;
      try {
        await this.#membership.as(
          () => connection.heartbeat(HEARTBEAT_INTERVAL_SECONDS),
          signal,
          (known) => !known,
        );
      } catch (error) {
        this.#goOnAfter(error, "A heartbeat failed: {reason}");
      }
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { connection, clock } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      let instruction: Message | undefined;
      try {
        instruction = await this.#membership.as(() => connection.pull(signal), signal);
        failures = 0;
      } catch (error) {
        this.#passOver(error);
        failures += 1;
        await clock.sleep(pullRetryWait(failures), signal);
      }
      if (instruction !== undefined) await this.#handle(instruction, signal);
    }
  }

  /** Says why an instruction could not be fetched. @throws the error when the node cannot go on */
  #passOver(error: unknown): void {
    if (error instanceof Superseded) throw error;
    if (FlwrError.from(error).code === "permission-denied") {
      this.#log.debug("The run of the next instruction is over: it is left aside");
    } else {
      this.#goOnAfter(error, "An instruction could not be fetched: {reason}");
    }
  }

  async #handle(instruction: Message, signal: AbortSignal): Promise<void> {
    const { runId, groupId, messageType, messageId } = instruction.metadata;
    const run = groupId === "" ? `Run ${runId}` : `Run ${runId}, round ${groupId}`;
    this.#log.info("{run}: received {messageType} {messageId}", { run, messageType, messageId });
    using _ = this.#idle.work(runId);
    const answer = await this.#answer(instruction, signal);
    if (answer === undefined) {
      this.#log.info("{run} has ended. The reply was not sent", { run });
      return;
    }
    const { reply, seconds, details = reply.error?.reason } = answer;
    // Line by line: in one, a stack cannot be read.
    const [reason, ...more] = details?.split(/\r?\n/) ?? [];
    if (reply.error !== undefined) {
      this.#log.error("{run}: {messageType} failed: {reason}", { run, messageType, reason });
      for (const line of more) this.#log.error("  {line}", { line });
    }
    try {
      await this.#push(reply, seconds, signal);
      this.#log.info("{run}: sent reply", { run });
    } catch (error) {
      if (error instanceof Superseded) throw error;
      // A SuperLink that was restarted without a database knows no such run.
      if (["permission-denied", "not-found"].includes(FlwrError.from(error).code)) {
        this.#log.info("{run} has ended. The SuperLink did not need the reply", { run });
      } else {
        this.#goOnAfter(error, "Could not send the reply: {reason}");
      }
    }
  }

  /** The answer to an instruction; undefined when nobody waits for one. */
  async #answer(instruction: Message, signal: AbortSignal): Promise<Answer | undefined> {
    try {
      return await answerInstruction(instruction, {
        ...this.#options,
        states: this.#states,
        nodeId: this.#membership.nodeId,
      }, signal);
    } catch (thrown) {
      const error = FlwrError.from(thrown);
      // The next pull finds out whether the SuperLink has forgotten the node.
      if (error.code === "unauthenticated" || error.code === "not-found") return undefined;
      if (!PASSING.has(error.code)) throw error;
      const { sendErrorDetails = false } = this.#options;
      const told = sendErrorDetails ? error.message : `${error.code}; ${IN_THE_LOG}`;
      const reply = instruction.replyError(
        MessageErrorCode.Unknown,
        `The SuperNode could not work for the run: ${told}`,
      );
      return { reply, seconds: 0, details: error.message };
    }
  }

  /** Sends a reply for as long as it takes; a node that stops gives it a few seconds, for its SuperLink may be gone. */
  async #push(reply: Message, seconds: number, signal: AbortSignal): Promise<void> {
    const { connection, clock } = this.#options;
    const pushing = this.#membership.as(() => connection.push(reply, seconds), signal);
    const { promise: gaveUp, reject } = Promise.withResolvers<never>();
    const done = new AbortController();
    const hurry = () =>
      clock.sleep(FAREWELL_SECONDS, done.signal).then(() =>
        reject(new FlwrError("cancelled", "The SuperNode stopped before its reply was sent"))
      );
    if (signal.aborted) hurry();
    else signal.addEventListener("abort", hurry, { once: true });
    try {
      await Promise.race([pushing, gaveUp]);
    } finally {
      signal.removeEventListener("abort", hurry);
      done.abort();
      for (const late of [pushing, gaveUp]) late.catch(() => {}); // nobody waits for them any more
    }
  }

  /** Says what went wrong when the node can go on. @throws the error otherwise */
  #goOnAfter(thrown: unknown, words: string): void {
    const error = FlwrError.from(thrown);
    if (!PASSING.has(error.code)) throw error;
    this.#log.warn(words, { reason: error.message });
  }
}
