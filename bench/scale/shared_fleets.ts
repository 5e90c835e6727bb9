import type { Credentials } from "../../tests/support/credentials.ts";
import { asOwner, postgresServer } from "../../tests/support/postgres.ts";
import { Stage } from "../../tests/support/stage.ts";
import type { FlowerSide } from "../flower/side.ts";
import type { FleetCalls } from "../load/fleet.ts";
import { FleetKey } from "../load/fleet_key.ts";
import { GrpcFleet } from "../load/grpc_fleet.ts";
import {
  countStatements,
  MEASURED_SETTINGS,
  type PostgresFacts,
  readPostgres,
} from "../support/postgres_facts.ts";
import { readCpuSeconds } from "../support/process_facts.ts";
import { cpuSecondsOfTree, residentOfTree } from "../support/process_tree.ts";
import { stopwatch } from "../support/stopwatch.ts";

/** How fleets on several SuperLinks are measured. */
export interface SharedFleetsOptions {
  readonly credentials: Credentials;
  /** Their sizes, one after the other, each with a database and SuperLinks of its own. */
  readonly fleets: readonly number[];
  readonly seconds: number;
  /** How many SuperLinks share the database. */
  readonly superLinks: number;
}

/** What one fleet took of its SuperLinks together, of their database and of the program that simulates the nodes. */
export interface SharedFleetFacts extends FleetCalls {
  readonly nodes: number;
  readonly superLinks: number;
  /** How long it was watched. */
  readonly seconds: number;
  /** Seconds until all had joined. */
  readonly joinSeconds: number;
  readonly cpuSeconds: number;
  readonly databaseCpuSeconds: number;
  readonly loadCpuSeconds: number;
  readonly statements: number;
  readonly commits: number;
  readonly logBytes: number;
  /** Sent and received by the nodes, without TLS. */
  readonly networkBytes: number;
  /** At the end. */
  readonly databaseBytes: number;
  /** Memory of the SuperLinks, before the first node and at the end. */
  readonly before: number;
  readonly resident: number;
}

/**
 * Measures fleets of simulated SuperNodes without work on several SuperLinks that share a PostgreSQL database, all on
 * this machine. The nodes have P-256 keys and call over gRPC.
 */
export async function measureSharedFleets(
  side: FlowerSide,
  options: SharedFleetsOptions,
): Promise<SharedFleetFacts[]> {
  const facts: SharedFleetFacts[] = [];
  for (const nodes of options.fleets) {
    facts.push(await measureFleet(side, nodes, options));
    console.error(`${nodes} nodes on ${options.superLinks} SuperLinks: done`);
  }
  return facts;
}

async function measureFleet(
  side: FlowerSide,
  nodes: number,
  { credentials, seconds, superLinks: count }: SharedFleetsOptions,
): Promise<SharedFleetFacts> {
  await using stage = await Stage.open();
  const server = await postgresServer(MEASURED_SETTINGS);
  const database = `fleet_${nodes}_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOwner(server, `CREATE DATABASE ${database}`);
  const target = { ...server, database };
  await countStatements(target);
  const keys = await Promise.all(Array.from({ length: nodes }, () => FleetKey.generate()));
  const list = stage.path("nodes.csv");
  await Deno.writeTextFile(list, keys.map(({ publicKey }) => publicKey.openssh).join("\n"));
  const superLinks = [];
  for (let place = 0; place < count; place++) {
    const superLink = await side.startSuperLink({ stage, credentials }, {
      database: `postgres://${server.user}@${server.host}:${server.port}/${database}`,
      apps: "elsewhere",
      flags: ["--auth-list-public-keys", list],
    });
    // gRPC is opened after HTTP.
    await superLink.process.waitForLine(/SuperLink ready/);
    superLinks.push(superLink);
  }
  try {
    const pids = superLinks.map(({ process }) => process.pid);
    const before = await sum(pids, residentOfTree);
    const authority = await Deno.readTextFile(credentials.caCertificate);
    const joined = stopwatch();
    using fleet = await GrpcFleet.join(keys, superLinks.map(({ grpc }) => ({ grpc, authority })));
    const joinSeconds = joined();
    let watched: Promise<Watched> | undefined;
    const calls = await fleet.live(seconds, async () => {
      watched = watch(pids, fleet, () => readPostgres(target), seconds);
      await watched;
    });
    return { ...calls, ...await watched!, nodes, superLinks: count, joinSeconds, before };
  } catch (error) {
    console.error(stage.tails());
    throw error;
  }
}

/** What is seen while calls count. */
type Watched = Omit<
  SharedFleetFacts,
  keyof FleetCalls | "nodes" | "superLinks" | "joinSeconds" | "before"
>;

/** Watches until just before the nodes leave. */
async function watch(
  pids: readonly number[],
  fleet: GrpcFleet,
  database: () => Promise<PostgresFacts>,
  seconds: number,
): Promise<Watched> {
  const elapsed = stopwatch();
  const read = async () => ({
    cpu: await sum(pids, cpuSecondsOfTree),
    load: await readCpuSeconds(Deno.pid),
    networkBytes: fleet.bytes,
    database: await database(),
  });
  const first = await read();
  await new Promise((resolve) => setTimeout(resolve, (seconds - 1) * 1000));
  const last = await read();
  const done = (of: "statements" | "commits" | "logBytes" | "cpuSeconds") =>
    last.database[of] - first.database[of];
  return {
    seconds: elapsed(),
    cpuSeconds: last.cpu - first.cpu,
    loadCpuSeconds: last.load - first.load,
    databaseCpuSeconds: done("cpuSeconds"),
    statements: done("statements"),
    commits: done("commits"),
    logBytes: done("logBytes"),
    networkBytes: last.networkBytes - first.networkBytes,
    databaseBytes: last.database.databaseBytes,
    resident: await sum(pids, residentOfTree),
  };
}

async function sum(
  items: readonly number[],
  value: (item: number) => Promise<number>,
): Promise<number> {
  return (await Promise.all(items.map(value))).reduce((total, one) => total + one, 0);
}
