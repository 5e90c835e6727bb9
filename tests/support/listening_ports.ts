/** The TCP ports that a process of this machine listens on, as Linux tells them. */
export async function listeningPorts(pid: number): Promise<number[]> {
  const own = await socketsOf(pid);
  const ports: number[] = [];
  for (const table of ["tcp", "tcp6"]) {
    const lines = await Deno.readTextFile(`/proc/${pid}/net/${table}`).catch(() => "");
    for (const line of lines.split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      if (state === LISTEN && own.has(inode)) ports.push(parseInt(local.split(":")[1]!, 16));
    }
  }
  return ports;
}

/** The kernel's number for the state of a socket that listens. */
const LISTEN = "0A";

/** The inodes of a process's sockets. */
async function socketsOf(pid: number): Promise<Set<string>> {
  const inodes = new Set<string>();
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const target = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
    const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}
