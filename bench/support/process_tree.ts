import { readCpuSeconds, readMemory } from "./process_facts.ts";

/** What of `/proc/PID/stat` tells whose child a process is (proc_pid_stat(5)). */
export function parseParent(stat: string): number {
  // The second field is the command's name in parentheses, which may itself contain anything.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** A process and all that it has started, directly or not, as far as they run. */
export async function processTree(root: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => undefined);
    if (stat === undefined) continue; // it has ended in between
    const parent = parseParent(stat);
    children.set(parent, [...children.get(parent) ?? [], Number(name)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...children.get(pid) ?? []);
  return tree;
}

/** Bytes that a process and all that it has started hold in RAM; pages that they share count for each. */
export async function residentOfTree(root: number): Promise<number> {
  const memories = await Promise.all((await processTree(root)).map(readMemory));
  return memories.reduce((sum, memory) => sum + (memory?.resident ?? 0), 0);
}

/** Processor time of a process and all that it has started and that still run, in seconds. */
export async function cpuSecondsOfTree(root: number): Promise<number> {
  const seconds = (await processTree(root)).map((pid) => readCpuSeconds(pid).catch(() => 0));
  return (await Promise.all(seconds)).reduce((sum, one) => sum + one, 0);
}
