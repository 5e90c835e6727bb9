import { type Clock, systemClock } from "../../../../base/clock.ts";
import { log } from "../../../../base/log.ts";
import { type Random, systemRandom } from "../../../../base/random.ts";
import { counted } from "../../../../base/readable.ts";
import type { ReceivedTaskInput, RuntimeClient, Speaker } from "./runtime_client.ts";
import { sendTaskHeartbeats } from "./task_heartbeats.ts";

/** Seconds for which an app's output is collected before it is sent. */
const LOG_BATCH_SECONDS = 0.2;

/**
 * Maximum length of unsent output while the SuperLink cannot be reached, in characters. The oldest is dropped first.
 */
export const MAX_BUFFERED_LOG_CHARACTERS = 1024 * 1024;

/** Options of a {@link TaskSession}. */
export interface TaskSessionOptions {
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Session of one task: sends heartbeats and the app's output to the server until `finish`. Disposing of an unfinished
 * session ends the task as failed.
 */
export class TaskSession implements AsyncDisposable {
  readonly input: ReceivedTaskInput;
  readonly #client: RuntimeClient;
  readonly #clock: Clock;
  readonly #log = log("runtime");
  readonly #stopping = new AbortController();
  readonly #background: Promise<void>[];
  #lines: string[] = [];
  #buffered = 0;
  /** Number of dropped texts that the log does not mention yet. */
  #dropped = 0;
  #wake = Promise.withResolvers<void>();
  #finished = false;

  /** Begins the task of a client. @throws FlwrError as RuntimeClient.begin */
  static async begin(
    client: RuntimeClient,
    options: TaskSessionOptions = {},
  ): Promise<TaskSession> {
    return new TaskSession(client, await client.begin(), options);
  }

  private constructor(
    client: RuntimeClient,
    input: ReceivedTaskInput,
    options: TaskSessionOptions,
  ) {
    this.#client = client;
    this.input = input;
    this.#clock = options.clock ?? systemClock;
    const heartbeats = sendTaskHeartbeats(() => this.#beat(), {
      clock: this.#clock,
      random: options.random ?? systemRandom,
      signal: AbortSignal.any([this.#stopping.signal, this.ended]),
    });
    this.#background = [heartbeats, this.#sendLogs()];
  }

  /** Aborted when the server has ended the task; its reason is the error. */
  get ended(): AbortSignal {
    return this.#client.ended;
  }

  /** Queues the app's output, which includes its line ends. */
  log(text: string): void {
    if (text === "" || this.#finished) return;
    this.#lines.push(text);
    this.#buffered += text.length;
    while (this.#buffered > MAX_BUFFERED_LOG_CHARACTERS && this.#lines.length > 1) {
      this.#buffered -= this.#lines.shift()!.length;
      this.#dropped += 1;
    }
    this.#wake.resolve();
  }

  /**
   * Ends the task after the app's output was sent. A task that the server has already ended keeps its state.
   *
   * @param details why it failed, as text for the user
   */
  async finish(outcome: "completed" | "failed", details = ""): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    this.#stopping.abort();
    this.#wake.resolve();
    await Promise.all(this.#background);
    if (this.ended.aborted) return;
    try {
      await this.#client.finish(outcome, details);
    } catch (error) {
      if (!this.ended.aborted) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish("failed", "The ServerApp's process ended early");
  }

  /** The app continues while its server cannot be reached; `ended` reports that the server ended the task. */
  #report(error: unknown): void {
    if (!this.ended.aborted) this.#log.warn("Could not reach the SuperLink: {error}", { error });
  }

  async #beat(): Promise<void> {
    await this.#client.heartbeat().catch((error) => this.#report(error));
  }

  async #sendLogs(): Promise<void> {
    const speaker: Speaker = { nodeId: this.input.nodeId, runId: this.input.run.runId };
    // Not a promise to race against, because each race would leak a listener until the task ends.
    this.ended.addEventListener("abort", () => this.#wake.resolve(), { once: true });
    while (!this.ended.aborted) {
      if (this.#lines.length > 0) {
        const lines = this.#lines;
        if (this.#dropped > 0) {
          lines.unshift(
            `(${counted(this.#dropped, "line")} dropped, because too many waited to be sent)\n`,
          );
        }
        [this.#lines, this.#buffered, this.#dropped] = [[], 0, 0];
        await this.#client.pushLogs(speaker, lines).catch((error) => this.#report(error));
        await this.#clock.sleep(LOG_BATCH_SECONDS, this.#stopping.signal);
      } else if (this.#finished) {
        return;
      } else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      }
    }
  }
}
