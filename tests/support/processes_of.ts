/**
 * The processes of this machine that were started with one of the folders below `home` as Flower's (`FLWR_HOME`), with
 * their command lines. Flower's processes start others, which a test has no handle on.
 */
export async function processesOf(home: string): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = (await Deno.readTextFile(`/proc/${name}/environ`)).split("\0");
      if (!environment.some((entry) => entry.startsWith(`FLWR_HOME=${home}`))) continue;
      const commandLine = await Deno.readTextFile(`/proc/${name}/cmdline`);
      if (commandLine !== "") found.set(Number(name), commandLine.split("\0").join(" ").trim());
    } catch {
      // it has ended in between
    }
  }
  return found;
}
