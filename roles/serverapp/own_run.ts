import type { DriverConnection, OnlineNode } from "../../app/connection.ts";
import type { EventSink } from "../../app/journal/event_sink.ts";
import type { Message } from "../../app/message.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import { log } from "../../base/log.ts";
import { type Random, systemRandom } from "../../base/random.ts";
import type { Channel } from "../../rpc/channel.ts";
import { EventUpload } from "../../rpc/dialects/current/client/event_upload.ts";
import { RuntimeClient } from "../../rpc/dialects/current/client/runtime_client.ts";
import { RuntimeConnection } from "../../rpc/dialects/current/client/runtime_connection.ts";
import { sendTaskHeartbeats } from "../../rpc/dialects/current/client/task_heartbeats.ts";
import { createRun } from "../../rpc/dialects/flwr-1.9/client/create_run.ts";
import { NO_RETRY } from "../../rpc/retry.ts";

/** Seconds for telling the SuperLink how the run ended: a user waits for the command to end. */
const FINISH_SECONDS = 5;

/** With what a run is worked on. */
export interface OwnRunOptions {
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * The run of a ServerApp that was started by hand. It is created by the wire of Flower 1.9, on which a ServerApp can do so.
 * Where the SuperLink gives its token, all else goes over today's Runtime API, with heartbeats; Flower's SuperLinks of that
 * time give none.
 */
export class OwnRun implements DriverConnection {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ending = new AbortController();
  readonly #finishing = new AbortController();
  /** Undefined until the run is created. */
  #line: DriverConnection | undefined;
  /** Undefined where the SuperLink gave no token. */
  #client: RuntimeClient | undefined;

  constructor(
    channel: Channel,
    { clock = systemClock, random = systemRandom }: OwnRunOptions = {},
  ) {
    this.#channel = channel;
    this.#clock = clock;
    this.#random = random;
  }

  /** Aborted when the SuperLink has ended the run; its reason is the error. Never by a SuperLink of Flower 1.9. */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  async createRun(): Promise<bigint> {
    const { runId, token } = await createRun(this.#channel, true);
    if (token === undefined) {
      this.#line = await legacyLine(this.#channel);
      return runId;
    }
    const client = new RuntimeClient(this.#channel, token);
    client.ended.addEventListener("abort", () => this.#ending.abort(client.ended.reason), {
      once: true,
    });
    this.#client = client;
    this.#line = new RuntimeConnection(client, runId, this.#clock);
    void this.#sendHeartbeats(client);
    return runId;
  }

  /** Where the run's events are kept: nowhere at a SuperLink of Flower 1.9. */
  events(): EventSink {
    const client = this.#client;
    return client === undefined ? { add: () => Promise.resolve(false) } : new EventUpload(client);
  }

  nodes(runId: bigint): Promise<readonly OnlineNode[]> {
    return this.#connection.nodes(runId);
  }

  push(runId: bigint, instructions: readonly Message[]): Promise<(string | undefined)[]> {
    return this.#connection.push(runId, instructions);
  }

  pull(runId: bigint, ids: readonly string[], signal?: AbortSignal): Promise<Message[]> {
    return this.#connection.pull(runId, ids, signal);
  }

  /**
   * Tells the SuperLink that the run is over, where it can be told. A SuperLink that cannot be reached changes nothing of the
   * run's result, so this never rejects.
   *
   * @param details why it failed or what is missing, for people
   */
  async finish(outcome: "completed" | "failed", details: string): Promise<void> {
    this.#finishing.abort();
    const client = this.#client;
    if (client === undefined || this.ended.aborted) return;
    const late = new AbortController();
    const said = client.finish(outcome, details).catch((error) => {
      if (!late.signal.aborted && !client.ended.aborted) warnUntold(error);
    });
    const tooLate = this.#clock.sleep(FINISH_SECONDS, late.signal).then(() => {
      if (!late.signal.aborted) warnUntold(new FlwrError("deadline-exceeded", "No answer in time"));
    });
    await Promise.race([said, tooLate]);
    late.abort();
  }

  close(): void {
    this.#finishing.abort();
    this.#channel.close();
  }

  get #connection(): DriverConnection {
    if (this.#line === undefined) throw new TypeError("The run was not created");
    return this.#line;
  }

  async #sendHeartbeats(client: RuntimeClient): Promise<void> {
    // A lost one does no harm: a run that was started by hand has a day for each.
    const beat = async () => {
      await client.heartbeat({ retry: NO_RETRY }).catch(() => {});
    };
    await sendTaskHeartbeats(beat, {
      clock: this.#clock,
      random: this.#random,
      signal: AbortSignal.any([this.#finishing.signal, this.ended]),
    });
  }
}

/** The wire of Flower 1.9, which few SuperLinks need: it takes as long to load as today's. */
async function legacyLine(channel: Channel): Promise<DriverConnection> {
  const { DriverConnection19 } = await load<
    typeof import("../../rpc/dialects/flwr-1.9/client/driver_connection.ts")
  >(new URL("../../rpc/dialects/flwr-1.9/client/driver_connection.ts", import.meta.url));
  return new DriverConnection19(channel);
}

function warnUntold(error: unknown): void {
  const { message } = FlwrError.from(error);
  log("run").warn("Could not tell the SuperLink that the run is over: {message}", {
    event: "run-end-untold",
    message,
  });
}
