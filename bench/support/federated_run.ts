import { FlwrError } from "../../base/error.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import { Stage } from "../../tests/support/stage.ts";
import type { ByRole } from "./by_role.ts";
import type { Contestant, StartedRole } from "./contestant.ts";
import { watchPeakMemory } from "./memory_watch.ts";
import { readCpuSeconds, readMemory } from "./process_facts.ts";
import type { RunHistory } from "./run_history.ts";
import { stopwatch } from "./stopwatch.ts";

/** What one run with processes of its own took. */
export interface FederatedRun {
  /** From the start of the ServerApp's process to its end, in seconds. The SuperNodes had joined before. */
  readonly wallSeconds: number;
  readonly history: RunHistory;
  /** Processor time of all SuperNodes since their start, in seconds: unlike the wall time it hardly minds other work. */
  readonly superNodeCpuSeconds: number;
  /** From a process' start until it was of use, in seconds. */
  readonly readySeconds: ByRole;
  /** The most memory that a process held, in bytes. */
  readonly peakBytes: ByRole;
}

/** How to run. */
export interface FederatedRunOptions {
  readonly credentials: Credentials;
  readonly nodes: number;
  /** After so many seconds the ServerApp is given up. */
  readonly limitSeconds: number;
}

/**
 * Starts a SuperLink and SuperNodes, runs the ServerApp to its end, and stops everything. When something fails, the last
 * lines of every process are shown.
 *
 * @throws FlwrError "internal" when the ServerApp fails, DeadlineError when it takes too long
 */
export async function federatedRun(
  contestant: Contestant,
  { credentials, nodes, limitSeconds }: FederatedRunOptions,
): Promise<FederatedRun> {
  await using stage = await Stage.open();
  try {
    const place = { stage, credentials };
    const superLink = await contestant.startSuperLink(place);
    const superNodes: StartedRole[] = [];
    for (let node = 1; node <= nodes; node++) {
      superNodes.push(await contestant.startSuperNode(place, superLink, node));
    }

    const seconds = stopwatch();
    const serverApp = contestant.startServerApp(place, superLink);
    const serverAppPeak = watchPeakMemory(serverApp.process);
    const [status, serverAppReady] = await Promise.all([
      serverApp.process.ended(limitSeconds),
      serverApp.readySeconds,
    ]);
    const wallSeconds = seconds();
    if (!status.success) throw new FlwrError("internal", "The ServerApp failed");
    const history = await serverApp.history();

    return {
      wallSeconds,
      history,
      superNodeCpuSeconds: sum(
        await Promise.all(superNodes.map(({ process }) => readCpuSeconds(process.pid))),
      ),
      readySeconds: {
        superLink: superLink.readySeconds,
        superNode: Math.max(...superNodes.map(({ readySeconds }) => readySeconds)),
        serverApp: serverAppReady,
      },
      peakBytes: {
        superLink: await peakOf(superLink),
        superNode: Math.max(...await Promise.all(superNodes.map(peakOf))),
        serverApp: await serverAppPeak,
      },
    };
  } catch (error) {
    console.error(stage.tails());
    throw error;
  }
}

/** The most memory that a process which still runs ever held, in bytes. */
async function peakOf({ process }: StartedRole): Promise<number> {
  const memory = await readMemory(process.pid);
  if (memory === undefined) throw new FlwrError("internal", `${process.name} ended during the run`);
  return memory.peak;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
