import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { stopwatch } from "../support/stopwatch.ts";
import type { FleetCalls } from "./fleet.ts";
import type { FleetKey } from "./fleet_key.ts";
import { GrpcLine, type GrpcLineOptions } from "./grpc_line.ts";

/** Nodes that share a connection. HTTP/2 lets their held pulls and their heartbeats be on their way together. */
export const NODES_PER_LINE = 32;
/** How many nodes join at the same time. */
const JOINING = 64;
/** Seconds between a node's heartbeats, and within which it promises the next. */
const HEARTBEAT_SECONDS = 20;
const HEARTBEAT_INTERVAL_SECONDS = 30;
/** Seconds until every node has begun. */
export const SETTLE_SECONDS = HEARTBEAT_SECONDS + 5;
/** A heartbeat is in time when it is answered so many seconds after it was due: Flower's clients give up then. */
const IN_TIME_SECONDS = 5;
/** A pull answered faster than this, in seconds, was not held; the node asks again after three, as Flower's does. */
const HELD_SECONDS = 1;
const POLL_SECONDS = 3;
/** One simulated SuperNode. */
interface FleetNode {
  readonly key: FleetKey;
  readonly line: GrpcLine;
  nodeId: bigint;
}

/** Many simulated SuperNodes without work on a few connections of gRPC, spread evenly over SuperLinks. */
export class GrpcFleet implements Disposable {
  readonly #nodes: readonly FleetNode[];
  /** Those that are open. */
  readonly #lines: GrpcLine[];

  private constructor(nodes: readonly FleetNode[], lines: GrpcLine[]) {
    this.#nodes = nodes;
    this.#lines = lines;
  }

  /** Joins with all nodes, whose keys the SuperLinks list. */
  static async join(
    keys: readonly FleetKey[],
    superLinks: readonly GrpcLineOptions[],
  ): Promise<GrpcFleet> {
    const lines: GrpcLine[] = [];
    for (let place = 0; place < keys.length / NODES_PER_LINE; place++) {
      lines.push(await GrpcLine.open(superLinks[place % superLinks.length]!));
    }
    const nodes = keys.map((key, place): FleetNode => ({
      key,
      line: lines[place % lines.length]!,
      nodeId: 0n,
    }));
    const rest = [...nodes].reverse();
    await Promise.all(Array.from({ length: JOINING }, async () => {
      for (let node = rest.pop(); node !== undefined; node = rest.pop()) await activate(node);
    }));
    return new GrpcFleet(nodes, lines);
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
    const sendHeartbeats = async (node: FleetNode, place: number) => {
      const offset = HEARTBEAT_SECONDS * place / this.#nodes.length;
      for (let due = offset; due + IN_TIME_SECONDS < end; due += HEARTBEAT_SECONDS) {
        await sleep(due - elapsed());
        const answered = await attempt(() => heartbeat(node));
        if (!counted(due)) continue;
        counts.due += 1;
        if (answered) heartbeatSeconds.push(elapsed() - due);
      }
    };
    const pull = async (node: FleetNode, place: number) => {
      await sleep(HEARTBEAT_SECONDS * place / this.#nodes.length);
      while (elapsed() < end) {
        const asked = elapsed();
        await attempt(async () => {
          const request = { node: { nodeId: node.nodeId } };
          await node.line.call(Fleet.method.pullMessages, request, await node.key.sign());
        });
        if (elapsed() - asked < HELD_SECONDS) await sleep(POLL_SECONDS);
      }
    };
    // Pulls that are held when all is over are broken off by the end of their connections.
    const over = setTimeout(() => this[Symbol.dispose](), (end + IN_TIME_SECONDS) * 1000);
    await Promise.all([
      sleep(SETTLE_SECONDS).then(settled),
      ...this.#nodes.flatMap((node, place) => [sendHeartbeats(node, place), pull(node, place)]),
    ]);
    clearTimeout(over);
    const inTime = heartbeatSeconds.filter((late) => late <= IN_TIME_SECONDS).length;
    return { ...counts, heartbeatSeconds, inTime };
  }

  /** Bytes that its open connections have sent and received, without TLS. */
  get bytes(): number {
    return this.#lines.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  [Symbol.dispose](): void {
    for (const line of this.#lines.splice(0)) line[Symbol.dispose]();
  }
}

async function activate(node: FleetNode): Promise<void> {
  const { nodeId } = await node.line.call(Fleet.method.activateNode, {
    publicKey: node.key.pem,
    heartbeatInterval: HEARTBEAT_INTERVAL_SECONDS,
  }, await node.key.sign());
  node.nodeId = nodeId;
}

async function heartbeat(node: FleetNode): Promise<void> {
  const { success } = await node.line.call(Fleet.method.sendNodeHeartbeat, {
    node: { nodeId: node.nodeId },
    heartbeatInterval: HEARTBEAT_INTERVAL_SECONDS,
  }, await node.key.sign());
  if (!success) throw new Error("A node that sent a heartbeat is unknown");
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, seconds) * 1000));
}
