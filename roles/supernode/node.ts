import { ConfigRecord } from "../../app/config_record.ts";
import type { FleetConnection } from "../../app/connection.ts";
import type { Message } from "../../app/message.ts";
import { MessageErrorCode } from "../../app/metadata.ts";
import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { AppCrashed, type AppHost } from "./app_host.ts";
import {
  FAREWELL_SECONDS,
  HEARTBEAT_INTERVAL_SECONDS,
  heartbeatWait,
  HELD_PULL_SECONDS,
  MAX_APP_TRIES,
  pollWait,
} from "./limits.ts";
import { RunStates } from "./run_states.ts";

/** What a SuperNode works with. */
export interface NodeOptions {
  readonly connection: FleetConnection;
  readonly app: Pick<AppHost, "handle">;
  readonly nodeConfig: ConfigRecord;
  /** Where the SuperLink is, for the log. */
  readonly superLink: string;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * A SuperNode's life: join, send heartbeats, and one after the other pull an instruction, have the ClientApp handle
 * it, push the reply; leave at the end. A SuperLink that has forgotten the node is joined again.
 */
export class SuperNode {
  readonly #options: NodeOptions;
  readonly #states = new RunStates();
  readonly #log = log("supernode");
  #nodeId = 0n;
  /** A join under way, which both loops wait for. */
  #joining: Promise<void> | undefined;

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  /**
   * Works until `signal` is aborted, then leaves in order.
   *
   * @throws FlwrError when the SuperLink refuses the node, or cannot be reached within the limits the user set
   */
  async run(signal: AbortSignal): Promise<void> {
    await this.#join();
    // Whichever of the two loops fails ends the other.
    const failed = new AbortController();
    const ended = AbortSignal.any([signal, failed.signal]);
    const loops = [this.#sendHeartbeats(ended), this.#work(ended)].map((loop) =>
      loop.catch((error) => {
        failed.abort();
        throw error;
      })
    );
    const outcomes = await Promise.allSettled(loops);
    await this.#leave();
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure !== undefined && !signal.aborted) throw failure.reason;
  }

  #join(): Promise<void> {
    this.#joining ??= this.#joinOnce().finally(() => this.#joining = undefined);
    return this.#joining;
  }

  async #joinOnce(): Promise<void> {
    this.#nodeId = await this.#options.connection.join(HEARTBEAT_INTERVAL_SECONDS);
    this.#log.info("SuperNode {nodeId} joined {superLink}", {
      nodeId: this.#nodeId,
      superLink: this.#options.superLink,
    });
  }

  /**
   * Makes a call; when the SuperLink does not know the node any more (it was restarted without a database), joins
   * again and makes it once more. A node whose key was removed from the list fails at the join.
   */
  async #asMember<T>(call: () => Promise<T>, isForgotten: (answer: T) => boolean): Promise<T> {
    try {
      const answer = await call();
      if (!isForgotten(answer)) return answer;
    } catch (error) {
      const { code } = FlwrError.from(error);
      if (code !== "unauthenticated" && code !== "not-found") throw error;
    }
    this.#log.warn("The SuperLink does not know node {nodeId} any more: joining again", {
      nodeId: this.#nodeId,
    });
    await this.#join();
    return await call();
  }

  async #leave(): Promise<void> {
    const { connection, clock } = this.#options;
    const patience = new AbortController();
    const left = connection.leave().then(() => true, (error) => {
      this.#log.debug("Leaving failed: {reason}", { reason: FlwrError.from(error).message });
      return false;
    });
    const inTime = await Promise.race([
      left,
      clock.sleep(FAREWELL_SECONDS, patience.signal).then(() => false),
    ]);
    patience.abort();
    if (inTime) this.#log.info("SuperNode {nodeId} left", { nodeId: this.#nodeId });
    else this.#log.warn("The SuperLink did not hear the farewell: it will find the node offline");
  }

  async #sendHeartbeats(signal: AbortSignal): Promise<void> {
    const { connection, clock, random } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(heartbeatWait(random.uniform()), signal);
      if (signal.aborted) return;
      await this.#asMember(
        () => connection.heartbeat(HEARTBEAT_INTERVAL_SECONDS),
        (known) => !known,
      );
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { connection, clock } = this.#options;
    let emptyAnswers = 0;
    while (!signal.aborted) {
      const asked = clock.now();
      const instruction = await this.#asMember(() => connection.pull(signal), () => false);
      if (instruction !== undefined) {
        emptyAnswers = 0;
        await this.#handle(instruction, signal);
      } else if (clock.now() - asked < HELD_PULL_SECONDS) {
        emptyAnswers += 1;
        await clock.sleep(pollWait(emptyAnswers), signal);
      }
    }
  }

  async #handle(instruction: Message, signal: AbortSignal): Promise<void> {
    const { runId, groupId, messageType, messageId } = instruction.metadata;
    const where = { runId, round: groupId, messageType, messageId };
    this.#log.info("Run {runId}, round {round}: received {messageType} {messageId}", where);
    const reply = await this.#answer(instruction, signal);
    if (reply.error !== undefined) {
      this.#log.error("Run {runId}, round {round}: {messageType} failed: {reason}", {
        ...where,
        reason: reply.error.reason,
      });
    }
    await this.#push(reply, signal);
    this.#log.info("Run {runId}, round {round}: sent reply", where);
  }

  /** Sends a reply for as long as it takes; a node that stops gives it a few seconds, for its SuperLink may be gone. */
  async #push(reply: Message, signal: AbortSignal): Promise<void> {
    const pushing = this.#options.connection.push(reply);
    const { promise: gaveUp, reject } = Promise.withResolvers<never>();
    const done = new AbortController();
    const hurry = () =>
      this.#options.clock.sleep(FAREWELL_SECONDS, done.signal).then(() =>
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

  /** The ClientApp's reply, or the error reply that says why there is none. */
  async #answer(instruction: Message, signal: AbortSignal): Promise<Message> {
    const { app, nodeConfig } = this.#options;
    const { runId } = instruction.metadata;
    for (let attempt = 1;; attempt += 1) {
      const state = this.#states.get(runId);
      const runConfig = new ConfigRecord();
      const context = { runId, nodeId: this.#nodeId, nodeConfig, state, runConfig };
      try {
        const handled = await app.handle(instruction, context, signal);
        this.#states.set(runId, handled.state);
        return handled.reply;
      } catch (error) {
        if (signal.aborted) {
          return instruction.replyError(
            MessageErrorCode.NodeUnavailable,
            "The SuperNode was stopped while it handled the message",
          );
        }
        if (!(error instanceof AppCrashed)) throw error;
        if (attempt >= MAX_APP_TRIES) {
          return instruction.replyError(
            MessageErrorCode.ClientAppCrashed,
            `The ClientApp ended its worker ${attempt} times: ${error.message}`,
          );
        }
        this.#log.warn("The ClientApp ended its worker ({reason}): trying in a fresh one", {
          reason: error.message,
        });
      }
    }
  }
}
