import { FlwrError } from "../../base/error.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import { Stage } from "../../tests/support/stage.ts";
import { openControl } from "../flower/control.ts";
import type { FlowerSide } from "../flower/side.ts";
import { GrpcLine, type GrpcLineOptions } from "../load/grpc_line.ts";
import { HttpLine, type HttpLineOptions } from "../load/http_line.ts";
import { type CallCredentials, LoadIdentity } from "../load/identity.ts";
import { LightNode } from "../load/light_node.ts";
import type { Comparison } from "../support/comparison.ts";
import { asOwner, postgresServer } from "../../tests/support/postgres.ts";
import { cpuSecondsOfTree } from "../support/process_tree.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { takeTurns } from "../support/turns.ts";

const IN_FLIGHT = 64;
/** Calls before those that count, and those that count. */
const WARM_UP_CALLS = 500;
const COUNTED_CALLS = 2500;
/** P-384 is what Flower's SuperNodes make for themselves, P-256 what costs least. */
export const CURVES = ["P-384", "P-256"] as const;
export const WIRES = ["HTTP", "gRPC"] as const;

/** What is measured. */
export interface CallsOptions {
  readonly credentials: Credentials;
  readonly repeat: number;
  readonly wires: readonly (typeof WIRES[number])[];
  readonly curves: readonly (typeof CURVES[number])[];
  /** Connections over gRPC. */
  readonly lines: number;
  /** Processes of this project's SuperLink. More than one have their state in PostgreSQL. */
  readonly processes: number;
}

/** What a SuperLink managed. */
export interface CallRate {
  readonly callsPerSecond: number;
  /** Processor time of the SuperLink for a call, in milliseconds. */
  readonly cpuMilliseconds: number;
}

/** Makes one heartbeat with the given credentials. */
type Heartbeat = (credentials: CallCredentials) => Promise<void>;

/**
 * Measures heartbeats of one node, {@link IN_FLIGHT} at a time, each with a signature of its own that was made before: over
 * as many connections of HTTP, and over some of gRPC. The caller is the same program for both sides: this process.
 */
export async function measureCalls(
  sides: readonly [FlowerSide, FlowerSide],
  options: CallsOptions,
): Promise<Comparison[]> {
  const turns = await takeTurns(sides, options.repeat, (side) => callRates(side, options));
  const names = [...turns[0]![0]!.keys()];
  return names.flatMap((name): Comparison[] => {
    const values = (pick: (rate: CallRate) => number) => ({
      flwr: turns.map(([flwr]) => pick(flwr!.get(name)!)),
      python: turns.map(([, python]) => pick(python!.get(name)!)),
    });
    return [
      {
        measure: `heartbeats over ${name}, ${IN_FLIGHT} in flight`,
        unit: "calls/s",
        better: "more",
        goal: 3,
        values: values(({ callsPerSecond }) => callsPerSecond),
      },
      {
        measure: `SuperLink's processor time per call, ${name}`,
        unit: "ms",
        better: "less",
        values: values(({ cpuMilliseconds }) => cpuMilliseconds),
      },
    ];
  });
}

/** The rate of one side, for each transport and curve. */
export async function callRates(
  side: FlowerSide,
  { credentials, wires, curves, lines, processes }: CallsOptions,
): Promise<Map<string, CallRate>> {
  await using stage = await Stage.open();
  const isMany = processes > 1 && side.side === "flwr";
  const { http, grpc, process } = await side.startSuperLink({ stage, credentials }, {
    grpc: true,
    ...(isMany && { database: await newDatabase(), flags: ["--processes", `${processes}`] }),
  });
  if (isMany) await process.waitForLine(/processes serve/);
  const authority = await Deno.readTextFile(credentials.caCertificate);
  using control = await openControl(http, credentials);
  const rates = new Map<string, CallRate>();
  for (const curve of curves) {
    const node = new LightNode(await LoadIdentity.generate(curve));
    await control.registerNode({ publicKeyPem: node.identity.publicKeyPem });
    {
      using line = new HttpLine({ http, authority });
      await node.activate(line);
    }
    for (const wire of wires) {
      rates.set(
        `${wire}, ${curve}`,
        wire === "HTTP"
          ? await overHttp(node, { http, authority }, process.pid)
          : await overGrpc(node, { grpc, authority }, process.pid, lines),
      );
    }
  }
  return rates;
}

/** The URL of a new database of the tests' server. */
async function newDatabase(): Promise<string> {
  const { user, host, port } = await postgresServer();
  const name = `calls_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOwner(await postgresServer(), `CREATE DATABASE ${name}`);
  return `postgres://${user}@${host}:${port}/${name}`;
}

/** The rate over HTTP with P-384 alone, of fewer calls. */
export async function httpCallRate(
  side: FlowerSide,
  credentials: Credentials,
  counted: number,
): Promise<CallRate> {
  await using stage = await Stage.open();
  const { http, process } = await side.startSuperLink({ stage, credentials });
  const authority = await Deno.readTextFile(credentials.caCertificate);
  using control = await openControl(http, credentials);
  const node = new LightNode(await LoadIdentity.generate("P-384"));
  await control.registerNode({ publicKeyPem: node.identity.publicKeyPem });
  {
    using line = new HttpLine({ http, authority });
    await node.activate(line);
  }
  return await overHttp(node, { http, authority }, process.pid, counted);
}

async function overHttp(
  node: LightNode,
  where: HttpLineOptions,
  pid: number,
  counted = COUNTED_CALLS,
): Promise<CallRate> {
  using lines = new DisposableStack();
  const idle: HttpLine[] = [];
  for (let line = 0; line < IN_FLIGHT; line++) {
    idle.push(lines.use(new HttpLine(where)));
  }
  return await rate(node, pid, async (credentials) => {
    const line = idle.pop()!;
    await node.heartbeat(line, credentials);
    idle.push(line);
  }, counted);
}

async function overGrpc(
  node: LightNode,
  where: GrpcLineOptions,
  pid: number,
  count: number,
): Promise<CallRate> {
  using open = new DisposableStack();
  const lines: GrpcLine[] = [];
  for (let line = 0; line < count; line++) lines.push(open.use(await GrpcLine.open(where)));
  let next = 0;
  return await rate(node, pid, async ({ metadata }) => {
    const line = lines[next++ % count]!;
    const method = Fleet.method.sendNodeHeartbeat;
    const { success } = await line.call(method, node.heartbeatRequest(), metadata);
    if (!success) throw new FlwrError("internal", "A node that sent a heartbeat is unknown");
  });
}

async function rate(
  node: LightNode,
  pid: number,
  heartbeat: Heartbeat,
  counted = COUNTED_CALLS,
): Promise<CallRate> {
  const signed = await node.identity.signAhead(WARM_UP_CALLS + counted);
  await makeCalls(signed.slice(0, WARM_UP_CALLS), heartbeat);
  const before = await cpuSecondsOfTree(pid);
  const elapsed = stopwatch();
  await makeCalls(signed.slice(WARM_UP_CALLS), heartbeat);
  const seconds = elapsed();
  const cpuSeconds = await cpuSecondsOfTree(pid) - before;
  return {
    callsPerSecond: counted / seconds,
    cpuMilliseconds: cpuSeconds / counted * 1000,
  };
}

/** Makes a call for each of the credentials, with so many on their way at any time. */
async function makeCalls(signed: CallCredentials[], heartbeat: Heartbeat): Promise<void> {
  const caller = async () => {
    for (let next = signed.pop(); next !== undefined; next = signed.pop()) await heartbeat(next);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
}
