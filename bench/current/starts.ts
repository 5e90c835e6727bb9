import { FlwrError } from "../../base/error.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import type { Process } from "../../tests/support/process.ts";
import { Stage } from "../../tests/support/stage.ts";
import { registerNodes } from "../flower/control.ts";
import type { FlowerSide } from "../flower/side.ts";
import type { Comparison } from "../support/comparison.ts";
import { residentOfTree } from "../support/process_tree.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { takeTurns } from "../support/turns.ts";

const NODES = 2;
/** How long all is left alone before memory is read, in milliseconds. */
const SETTLE_MILLISECONDS = 2000;
const BYTES_PER_MEGABYTE = 1e6;

/** What a federation takes before there is anything to do, in seconds. */
export interface StartTimes {
  /** From a process' start until it was of use. */
  readonly superLink: number;
  /** The shorter of two. */
  readonly superNode: number;
  /** `flwr ls`, from start to end. */
  readonly list: number;
}

interface Start extends StartTimes {
  /** Bytes in RAM of a SuperLink and two SuperNodes that wait, with all that they started. */
  readonly resident: number;
}

/**
 * Measures how long a SuperLink, a SuperNode and `flwr ls` take, and what a SuperLink with two SuperNodes holds in RAM
 * while they wait. The first turn of each side warms the file cache up and does not count.
 */
export async function measureStarts(
  sides: readonly [FlowerSide, FlowerSide],
  { credentials, repeat }: { credentials: Credentials; repeat: number },
): Promise<Comparison[]> {
  const [, ...turns] = await takeTurns(sides, repeat + 1, (side) => start(side, credentials));
  const values = (pick: (start: Start) => number) => ({
    flwr: turns.map(([flwr]) => pick(flwr!)),
    python: turns.map(([, python]) => pick(python!)),
  });
  const time = { unit: "s", better: "less", goal: 8 } as const;
  return [
    {
      ...time,
      measure: "start of the SuperLink, until it answers",
      values: values(({ superLink }) => superLink),
    },
    {
      ...time,
      measure: "start of a SuperNode, until it is online",
      values: values(({ superNode }) => superNode),
    },
    { ...time, measure: "flwr ls", values: values(({ list }) => list) },
    {
      measure: `memory of an idle SuperLink and ${NODES} SuperNodes`,
      unit: "MB",
      better: "less",
      goal: 1 / 0.35,
      values: values(({ resident }) => resident / BYTES_PER_MEGABYTE),
    },
  ];
}

/** How long a SuperLink, a SuperNode and `flwr ls` take once. */
export function startTimes(side: FlowerSide, credentials: Credentials): Promise<StartTimes> {
  return withStarted(side, credentials, (times) => Promise.resolve(times));
}

function start(side: FlowerSide, credentials: Credentials): Promise<Start> {
  return withStarted(side, credentials, async (times, processes) => {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
    const trees = await Promise.all(processes.map(({ pid }) => residentOfTree(pid)));
    return { ...times, resident: trees.reduce((sum, bytes) => sum + bytes, 0) };
  });
}

async function withStarted<T>(
  side: FlowerSide,
  credentials: Credentials,
  use: (times: StartTimes, processes: readonly Process[]) => Promise<T>,
): Promise<T> {
  await using stage = await Stage.open();
  try {
    const place = { stage, credentials };
    const superLink = await side.startSuperLink(place);
    const { http } = superLink;
    await registerNodes(http, credentials, NODES);
    const first = await side.startSuperNode(place, http, 1);
    const second = await side.startSuperNode(place, http, 2);
    const flwr = await side.command(place, http);
    const seconds = stopwatch();
    const list = flwr.start(["ls", "here"]);
    if (!(await list.ended()).success) throw new FlwrError("internal", "flwr ls failed");
    const times = {
      superLink: superLink.readySeconds,
      superNode: Math.min(first.readySeconds, second.readySeconds),
      list: seconds(),
    };
    return await use(times, [superLink, first, second].map(({ process }) => process));
  } catch (error) {
    console.error(stage.tails());
    throw error;
  }
}
