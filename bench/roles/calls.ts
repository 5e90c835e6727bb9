import { Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import { RawNode } from "../../tests/support/raw_node.ts";
import { Stage } from "../../tests/support/stage.ts";
import type { Comparison } from "../support/comparison.ts";
import type { Contestant } from "../support/contestant.ts";
import { readCpuSeconds } from "../support/process_facts.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { takeTurns } from "../support/turns.ts";

/** How many calls are on their way at the same time. */
const IN_FLIGHT = [1, 64] as const;
/** How long calls are made before they count, and then counted, in seconds. */
const WARM_UP_SECONDS = 1;
const COUNTED_SECONDS = 3;

/** What a SuperLink managed. */
interface CallRate {
  readonly callsPerSecond: number;
  /** Processor time of the SuperLink for a call, in milliseconds. */
  readonly cpuMilliseconds: number;
}

/**
 * Measures authenticated `Ping` calls over one TLS connection. The caller is the same for both sides: this process, which
 * signs the request once and sends it again and again.
 */
export async function measureCalls(
  contestants: readonly [Contestant, Contestant],
  credentials: Credentials,
  repeat: number,
): Promise<Comparison[]> {
  const turns = await takeTurns(
    contestants,
    repeat,
    (contestant) => callRates(contestant, credentials),
  );
  const values = (pick: (rate: CallRate) => number, load: number) => ({
    flwr: turns.map(([rates]) => pick(rates![load]!)),
    python: turns.map(([, rates]) => pick(rates![load]!)),
  });
  return IN_FLIGHT.flatMap((inFlight, load): Comparison[] => [
    {
      measure: `authenticated calls, ${inFlight} in flight`,
      unit: "calls/s",
      better: "more",
      values: values(({ callsPerSecond }) => callsPerSecond, load),
    },
    {
      measure: `SuperLink's processor time per call, ${inFlight} in flight`,
      unit: "ms",
      better: "less",
      values: values(({ cpuMilliseconds }) => cpuMilliseconds, load),
    },
  ]);
}

/** @returns a rate for each of {@link IN_FLIGHT} */
async function callRates(contestant: Contestant, credentials: Credentials): Promise<CallRate[]> {
  await using stage = await Stage.open();
  const { process, fleet } = await contestant.startSuperLink({ stage, credentials });
  using node = await RawNode.connect(fleet, credentials, 1);
  await node.join();
  const request = { node: { nodeId: node.id, anonymous: false }, pingInterval: 30 };
  const headers = await node.headers(Fleet.method.ping.input, request);
  const ping = async () => {
    const { message } = await node.client.call(Fleet.method.ping, request, headers);
    if (!message.success) throw new Error("The SuperLink does not know the node that pings");
  };
  const rates: CallRate[] = [];
  for (const inFlight of IN_FLIGHT) {
    await callFor(WARM_UP_SECONDS, inFlight, ping);
    const before = await readCpuSeconds(process.pid);
    const { calls, seconds } = await callFor(COUNTED_SECONDS, inFlight, ping);
    const cpuSeconds = await readCpuSeconds(process.pid) - before;
    rates.push({ callsPerSecond: calls / seconds, cpuMilliseconds: cpuSeconds / calls * 1000 });
  }
  return rates;
}

/** Keeps `inFlight` calls on their way for so many seconds. */
async function callFor(
  duration: number,
  inFlight: number,
  call: () => Promise<void>,
): Promise<{ calls: number; seconds: number }> {
  const elapsed = stopwatch();
  let calls = 0;
  const caller = async () => {
    while (elapsed() < duration) {
      await call();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { calls, seconds: elapsed() };
}
