import type { Curve } from "../../auth/curve.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import { Stage } from "../../tests/support/stage.ts";
import { openControl } from "../flower/control.ts";
import type { FlowerSide } from "../flower/side.ts";
import { type FleetCalls, LightFleet } from "../load/fleet.ts";
import type { Side } from "../support/comparison.ts";
import { readCpuSeconds } from "../support/process_facts.ts";
import { residentOfTree } from "../support/process_tree.ts";
import { stopwatch } from "../support/stopwatch.ts";

/** What kinds of fleets there are. */
export interface FleetsOptions {
  readonly credentials: Credentials;
  /** Their sizes, one after the other, each with a SuperLink of its own. */
  readonly fleets: readonly number[];
  readonly seconds: number;
  /** Of the nodes' keys. */
  readonly curve: Curve;
}

/** What one fleet took. */
export interface FleetFacts extends FleetCalls {
  readonly side: Side;
  readonly nodes: number;
  /** How long it was watched. */
  readonly seconds: number;
  /** Seconds until all had registered and joined. */
  readonly joinSeconds: number;
  /** Processor time meanwhile: the SuperLink's and the load program's. */
  readonly cpuSeconds: number;
  readonly loadCpuSeconds: number;
  /** The SuperLink's memory in bytes, before the first node and at the end. */
  readonly before: number;
  readonly resident: number;
}

/** Measures fleets of simulated SuperNodes without work, each on a SuperLink of its own with its state in memory. */
export async function measureFleets(
  sides: readonly FlowerSide[],
  options: FleetsOptions,
): Promise<FleetFacts[]> {
  const facts: FleetFacts[] = [];
  for (const nodes of options.fleets) {
    for (const side of sides) {
      facts.push(await measureFleet(side, nodes, options));
      console.error(`${nodes} nodes on the SuperLink of ${side.side}: done`);
    }
  }
  return facts;
}

async function measureFleet(
  side: FlowerSide,
  nodes: number,
  { credentials, seconds, curve }: FleetsOptions,
): Promise<FleetFacts> {
  await using stage = await Stage.open();
  const { http, process } = await side.startSuperLink({ stage, credentials });
  const before = await residentOfTree(process.pid);
  const authority = await Deno.readTextFile(credentials.caCertificate);
  using control = await openControl(http, credentials);
  const joined = stopwatch();
  using fleet = await LightFleet.join(nodes, { http, authority, curve, control });
  const joinSeconds = joined();
  let watched: Promise<Watched> | undefined;
  const calls = await fleet.live(seconds, async () => {
    watched = watch(process.pid, seconds);
    await watched;
  });
  return {
    ...calls,
    ...await watched!,
    side: side.side,
    nodes,
    joinSeconds,
    before,
  };
}

/** What is seen of a SuperLink while calls count. */
type Watched = Pick<FleetFacts, "seconds" | "cpuSeconds" | "loadCpuSeconds" | "resident">;

/** Watches a SuperLink until just before the nodes leave. */
async function watch(pid: number, seconds: number): Promise<Watched> {
  const elapsed = stopwatch();
  const [cpu, loadCpu] = await Promise.all([pid, Deno.pid].map(readCpuSeconds));
  await new Promise((resolve) => setTimeout(resolve, (seconds - 1) * 1000));
  const [cpuThen, loadCpuThen] = await Promise.all([pid, Deno.pid].map(readCpuSeconds));
  return {
    seconds: elapsed(),
    cpuSeconds: cpuThen! - cpu!,
    loadCpuSeconds: loadCpuThen! - loadCpu!,
    resident: await residentOfTree(pid),
  };
}
