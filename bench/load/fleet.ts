import type { Curve } from "../../auth/curve.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import type { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { HttpLine, type HttpLineOptions } from "./http_line.ts";
import { LoadIdentity } from "./identity.ts";
import { LightNode } from "./light_node.ts";
import { LinePool } from "./line_pool.ts";

/**
 * Nodes that share a connection for all but their pulls, which a SuperLink may hold: few enough that no heartbeat waits
 * for a connection, even where each takes two seconds.
 */
const NODES_PER_LINE = 8;
/** How many nodes join at the same time. */
const JOINING = 32;
/** Seconds between a node's heartbeats. */
const HEARTBEAT_SECONDS = 20;
/** Seconds until every node has begun: connections are made, and code has become warm. */
const SETTLE_SECONDS = 30;
/** A heartbeat is in time when it is answered so many seconds after it was due: Flower's clients give up then. */
const IN_TIME_SECONDS = 5;
/** A pull answered faster than this, in seconds, was not held; the node asks again after three, as Flower's does. */
const HELD_SECONDS = 1;
const POLL_SECONDS = 3;

/** What became of the calls of a fleet. */
export interface FleetCalls {
  /** Seconds from when a heartbeat was due until it was answered, for each that was. */
  readonly heartbeatSeconds: readonly number[];
  /** Heartbeats and pulls that failed. */
  readonly failures: number;
  /** All calls that were answered. */
  readonly calls: number;
  /** How many heartbeats were due. */
  readonly due: number;
  /** How many of them were answered in time. */
  readonly inTime: number;
}

/** Many simulated SuperNodes without work: each sends heartbeats and waits for instructions. */
export class LightFleet implements Disposable {
  readonly #nodes: readonly LightNode[];
  readonly #where: HttpLineOptions;
  readonly #shared: LinePool;

  private constructor(nodes: readonly LightNode[], where: HttpLineOptions, shared: LinePool) {
    this.#nodes = nodes;
    this.#where = where;
    this.#shared = shared;
  }

  /** Has the nodes' keys registered and joins with all. */
  static async join(
    size: number,
    { curve, control, ...where }: HttpLineOptions & { curve: Curve; control: ControlClient },
  ): Promise<LightFleet> {
    const shared = new LinePool(Math.max(JOINING, Math.ceil(size / NODES_PER_LINE)), where);
    const nodes: LightNode[] = [];
    const joining = Array.from({ length: JOINING }, async () => {
      while (nodes.length < size) {
        const node = new LightNode(await LoadIdentity.generate(curve));
        if (nodes.push(node) > size) return void nodes.pop();
        await control.registerNode({ publicKeyPem: node.identity.publicKeyPem });
        await shared.use((line) => node.activate(line));
      }
    });
    await Promise.all(joining);
    return new LightFleet(nodes, where, shared);
  }

  /**
   * Lives for {@link SETTLE_SECONDS}, in which every node begins to send heartbeats and to pull, and then for so many
   * seconds more, of which the calls count.
   *
   * @param settled called when calls begin to count
   */
  async live(seconds: number, settled: () => Promise<void>): Promise<FleetCalls> {
    const elapsed = stopwatch();
    const end = SETTLE_SECONDS + seconds;
    const counts = { failures: 0, calls: 0, due: 0 };
    const heartbeatSeconds: number[] = [];
    const counted = (time: number) => time >= SETTLE_SECONDS && time < end;
    const attempt = async (call: () => Promise<void>) => {
      let answered = true;
      await call().catch(() => answered = false);
      if (counted(elapsed())) counts[answered ? "calls" : "failures"] += 1;
      return answered;
    };
    const sendHeartbeats = async (node: LightNode, place: number) => {
      const offset = HEARTBEAT_SECONDS * place / this.#nodes.length;
      for (let due = offset; due + IN_TIME_SECONDS < end; due += HEARTBEAT_SECONDS) {
        await sleep(due - elapsed());
        const answered = await attempt(() => this.#shared.use((line) => node.heartbeat(line)));
        if (!counted(due)) continue;
        counts.due += 1;
        if (answered) heartbeatSeconds.push(elapsed() - due);
      }
    };
    const pull = async (node: LightNode, place: number) => {
      await sleep(HEARTBEAT_SECONDS * place / this.#nodes.length);
      using line = new HttpLine(this.#where);
      // A pull that is held when all is over is broken off.
      const over = setTimeout(() => line[Symbol.dispose](), (end - elapsed()) * 1000);
      while (elapsed() < end) {
        const asked = elapsed();
        const request = { node: { nodeId: node.nodeId } };
        await attempt(async () => {
          await node.call(line, Fleet.method.pullMessages, request);
        });
        if (elapsed() - asked < HELD_SECONDS) await sleep(POLL_SECONDS);
      }
      clearTimeout(over);
    };
    await Promise.all([
      sleep(SETTLE_SECONDS).then(settled),
      ...this.#nodes.flatMap((node, place) => [sendHeartbeats(node, place), pull(node, place)]),
    ]);
    const inTime = heartbeatSeconds.filter((late) => late <= IN_TIME_SECONDS).length;
    return { ...counts, heartbeatSeconds, inTime };
  }

  [Symbol.dispose](): void {
    this.#shared[Symbol.dispose]();
  }
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, seconds) * 1000));
}
