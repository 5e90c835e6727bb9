import type { Credentials } from "../../tests/support/credentials.ts";
import type { Process } from "../../tests/support/process.ts";
import { Stage } from "../../tests/support/stage.ts";
import { type ByRole, compareRoles } from "../support/by_role.ts";
import type { Comparison } from "../support/comparison.ts";
import type { Contestant } from "../support/contestant.ts";
import { readMemory } from "../support/process_facts.ts";
import { takeTurns } from "../support/turns.ts";

/** How long a role is left alone before its memory is read, in milliseconds. */
const SETTLE_MILLISECONDS = 2000;

/** What the roles take before there is anything to do. */
interface Idle {
  /** From a process' start until it was of use, in seconds. */
  readonly ready: ByRole;
  /** Bytes in RAM while it waits. */
  readonly resident: ByRole;
}

/**
 * Measures each role's start and its memory while it waits: the SuperLink for nodes, one SuperNode for work, the
 * ServerApp for a second node. The first turn of each side warms the file cache up and does not count.
 *
 * @param contestants whose ServerApps wait for two nodes
 */
export async function measureIdle(
  contestants: readonly [Contestant, Contestant],
  credentials: Credentials,
  repeat: number,
): Promise<Comparison[]> {
  const [, ...turns] = await takeTurns(
    contestants,
    repeat + 1,
    (contestant) => idle(contestant, credentials),
  );
  const values = (pick: (idle: Idle) => ByRole) => ({
    flwr: turns.map(([flwr]) => pick(flwr!)),
    python: turns.map(([, python]) => pick(python!)),
  });
  return [
    ...compareRoles("start of the", "s", values(({ ready }) => ready)),
    ...compareRoles("memory of an idle", "MB", values(({ resident }) => resident)),
  ];
}

async function idle(contestant: Contestant, credentials: Credentials): Promise<Idle> {
  await using stage = await Stage.open();
  const place = { stage, credentials };
  const superLink = await contestant.startSuperLink(place);
  const superNode = await contestant.startSuperNode(place, superLink, 1);
  const serverApp = contestant.startServerApp(place, superLink);
  const ready = {
    superLink: superLink.readySeconds,
    superNode: superNode.readySeconds,
    serverApp: await serverApp.readySeconds,
  };
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
  return {
    ready,
    resident: {
      superLink: await residentOf(superLink.process),
      superNode: await residentOf(superNode.process),
      serverApp: await residentOf(serverApp.process),
    },
  };
}

async function residentOf(process: Process): Promise<number> {
  const memory = await readMemory(process.pid);
  if (memory === undefined) throw new Error(`${process.name} ended: it should wait`);
  return memory.resident;
}
