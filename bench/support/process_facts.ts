/** Bytes of a process' memory. */
export interface Memory {
  /** What it holds in RAM now. */
  readonly resident: number;
  /** The most it ever held. */
  readonly peak: number;
}

/** Linux counts a process' time in ticks of 1/100 s on every architecture that Deno runs on (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

/**
 * Reads what `/proc/PID/status` says about memory (proc_pid_status(5): VmRSS and VmHWM, in KiB).
 *
 * @returns undefined for a process that has ended, whose memory is gone
 */
export function parseMemory(status: string): Memory | undefined {
  const bytes = (name: string) => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status);
    return match === null ? undefined : Number(match[1]) * 1024;
  };
  const [resident, peak] = [bytes("VmRSS"), bytes("VmHWM")];
  return resident === undefined || peak === undefined ? undefined : { resident, peak };
}

/** Reads the seconds of processor time, user's and system's, that `/proc/PID/stat` counts (proc_pid_stat(5)). */
export function parseCpuSeconds(stat: string): number {
  // The second field is the command's name in parentheses, which may itself contain anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The memory of a running process; undefined when it has ended. */
export async function readMemory(pid: number): Promise<Memory | undefined> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return parseMemory(status);
}

/** The processor time of a running process, in seconds. */
export async function readCpuSeconds(pid: number): Promise<number> {
  return parseCpuSeconds(await Deno.readTextFile(`/proc/${pid}/stat`));
}
