/** The machine by its class, as numbers are published with it, and how busy it is with other things. */
export function describeMachine(): string {
  const cores = navigator.hardwareConcurrency;
  const load = Deno.loadavg()[0]!.toFixed(1);
  const memory = (Deno.systemMemoryInfo().total / 2 ** 30).toFixed(0);
  const { arch, os } = Deno.build;
  return `${cores} cores, ${arch}, ${memory} GiB, ${os}, Deno ${Deno.version.deno}; load average before: ${load}`;
}
