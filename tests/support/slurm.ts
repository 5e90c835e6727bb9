import { freePorts } from "./ports.ts";
import { eventually } from "./deadline.ts";
import type { Stage } from "./stage.ts";

/** The programs of a Slurm cluster, from Debian's `slurm-wlm`, which is set up as root only. */
const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel"];

/** Why no Slurm cluster can be started on this machine. Undefined if one can. */
export function slurmLack(): string | undefined {
  if (Deno.build.os !== "linux") return "Slurm runs on Linux only";
  if (Deno.uid() !== 0) return "its daemons are started as root only";
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const isThere = (program: string) =>
    folders.some((folder) => {
      try {
        return Deno.statSync(`${folder}/${program}`).isFile;
      } catch {
        return false;
      }
    });
  const missing = PROGRAMS.filter((program) => !isThere(program));
  if (missing.length === 0) return undefined;
  return `${missing.join(", ")} are missing: apt-get install slurm-wlm`;
}

/** A cluster whose controller and two nodes run on this machine, with nothing outside the stage's folder. */
export interface SlurmCluster {
  /** Environment of Slurm's commands. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a cluster of two nodes with two cores each, and waits until both are idle. */
export async function startSlurm(stage: Stage): Promise<SlurmCluster> {
  const folder = stage.path("slurm");
  await Deno.mkdir(folder, { mode: 0o755 });
  const [controller, ...ports] = freePorts(3);
  const host = Deno.hostname();
  const key = `${folder}/munge.key`;
  await Deno.writeFile(key, crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
  const conf = `${folder}/slurm.conf`;
  await Deno.writeTextFile(conf, configuration(folder, host, controller!, ports));
  const env = { SLURM_CONF: conf };
  const files = ["key", "socket", "pid", "log", "seed"].map((name) =>
    name === "socket" ? `--socket=${folder}/munge.socket` : `--${name}-file=${folder}/munge.${name}`
  );
  // Its folder may be one that others can write to.
  stage.start({ name: "munged", command: "munged", args: ["--foreground", "--force", ...files] });
  await eventually(() => exists(`${folder}/munge.socket`), 20, "munged to listen");
  stage.start({ name: "slurmctld", command: "slurmctld", args: ["-D", "-f", conf] });
  for (const node of ["n1", "n2"]) {
    await Deno.mkdir(`${folder}/${node}`);
    stage.start({
      name: `slurmd ${node}`,
      command: "slurmd",
      args: ["-D", "-N", node, "-f", conf],
    });
  }
  const areIdle = async () => {
    const sinfo = new Deno.Command("sinfo", { args: ["-h", "-o", "%T %D"], env, stderr: "null" });
    return new TextDecoder().decode((await sinfo.output()).stdout).trim() === "idle 2";
  };
  await eventually(areIdle, 60, "the nodes of Slurm to be idle");
  return { env };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** A configuration without systemd, cgroups, accounting and root's folders, which starts jobs at once. */
function configuration(
  folder: string,
  host: string,
  controller: number,
  ports: readonly number[],
): string {
  return `ClusterName=tests
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.socket
CredType=cred/munge
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/%n.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmdTimeout=30
KillWait=5
MinJobAge=300
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=2
${
    ports.map((port, n) =>
      `NodeName=n${
        n + 1
      } NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=2 RealMemory=2000`
    ).join("\n")
  }
PartitionName=all Nodes=ALL Default=YES State=UP
`;
}
