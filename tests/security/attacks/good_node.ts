import { PrivateKey } from "../../../auth/private_key.ts";
import { systemClock } from "../../../base/clock.ts";
import type { Channel } from "../../../rpc/channel.ts";
import { openChannel } from "../../../rpc/grpc/channel.ts";
import { FleetClient } from "../../../rpc/dialects/current/client/fleet_client.ts";
import { NodeCredentials } from "../../../rpc/dialects/current/client/node_credentials.ts";
import { openHttpChannel } from "../../../rpc/http/channel.ts";
import { NO_RETRY } from "../../../rpc/retry.ts";

/** Heartbeats per second. More than a real node sends, so that a few seconds are enough. */
const BEATS_PER_SECOND = 10;
const INTERVAL_SECONDS = 1800;

/** Statistics of a node's heartbeats. */
export interface Beats {
  readonly sent: number;
  /** Errors of failed heartbeats. */
  readonly lost: readonly string[];
  /** Latencies of successful heartbeats in milliseconds, shortest first. */
  readonly latencies: readonly number[];
}

/** A well-behaved node. It sends heartbeats without retries, so that each lost one is counted. */
export class GoodNode implements Disposable {
  readonly #channel: Channel;
  readonly #client: FleetClient;
  readonly #nodeId: bigint;

  private constructor(channel: Channel, client: FleetClient, nodeId: bigint) {
    this.#channel = channel;
    this.#client = client;
    this.#nodeId = nodeId;
  }

  /** Joins over one of the transports, without TLS. */
  static async join(transport: "http" | "grpc", address: string): Promise<GoodNode> {
    const open = transport === "http" ? openHttpChannel : openChannel;
    const channel = open({ address, tls: "insecure", retry: NO_RETRY });
    const credentials = new NodeCredentials(await PrivateKey.generate("P-384"), systemClock);
    const client = new FleetClient({ channel, heartbeats: channel, credentials });
    await client.register();
    return new GoodNode(channel, client, await client.activate(INTERVAL_SECONDS));
  }

  /** Sends heartbeats at regular intervals until the signal is aborted, and waits for the last responses. */
  async beat(signal: AbortSignal): Promise<Beats> {
    const latencies: number[] = [];
    const lost: string[] = [];
    const beats: Promise<void>[] = [];
    while (!signal.aborted) {
      beats.push(this.#beatOnce(latencies, lost));
      await new Promise((resolve) => setTimeout(resolve, 1000 / BEATS_PER_SECOND));
    }
    await Promise.all(beats);
    latencies.sort((a, b) => a - b);
    return { sent: beats.length, lost, latencies };
  }

  [Symbol.dispose](): void {
    this.#channel.close();
  }

  async #beatOnce(latencies: number[], lost: string[]): Promise<void> {
    const start = performance.now();
    try {
      await this.#client.heartbeat(this.#nodeId, INTERVAL_SECONDS);
      latencies.push(performance.now() - start);
    } catch (error) {
      lost.push(String(error));
    }
  }
}
