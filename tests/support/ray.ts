import { dirname } from "node:path";
import { freePorts } from "./ports.ts";
import { eventually } from "./deadline.ts";
import { findPython, pinnedEnvironment } from "./python.ts";
import { repositoryPath } from "./repository.ts";
import type { Stage } from "./stage.ts";

/** Version of Ray that the nightly tests run. */
export const RAY_VERSION = "2.60.0";

/** Seconds that a part of the cluster may take to start: up to 30 were seen. */
const START_SECONDS = 120;

/** A Ray cluster of two machines of one core each, on this machine. */
export interface RayCluster {
  /** Address of its dashboard. */
  readonly address: string;
  /** What Ray shows of a job to everyone who reaches its dashboard, as JSON. */
  job(id: string): Promise<string>;
}

/** Starts a cluster: a head, and a second raylet. All of it ends with the stage. */
export async function startRay(stage: Stage): Promise<RayCluster> {
  const python = await pinnedEnvironment((await findPython())!, {
    name: `ray-${RAY_VERSION}`,
    requirements: repositoryPath(`tests/interop/requirements/ray-${RAY_VERSION}.txt`),
    probe: "import ray, aiohttp",
  }, console.log);
  const [port, dashboard, client] = freePorts(3);
  const address = `http://127.0.0.1:${dashboard}`;
  const common = [
    ...["--node-ip-address=127.0.0.1", "--num-cpus=1", `--temp-dir=${stage.path("ray")}`],
    ...["--disable-usage-stats", "--block"],
  ];
  const start = (name: string, args: readonly string[]) =>
    stage.start({
      name,
      command: `${dirname(python)}/ray`,
      args: ["start", ...args, ...common],
      // The stage ends all processes that have this variable: Ray starts about twenty.
      env: { FLWR_HOME: stage.path("home"), RAY_ADDRESS: "" },
    });
  start("ray head", [
    ...["--head", `--port=${port}`, "--dashboard-host=127.0.0.1", `--dashboard-port=${dashboard}`],
    `--ray-client-server-port=${client}`,
  ]);
  const get = async (path: string) => {
    const response = await fetch(`${address}/${path}`).catch(() => undefined);
    return await response?.text() ?? "";
  };
  await eventually(
    async () => (await get("api/version")).includes("ray_version"),
    START_SECONDS,
    "Ray's dashboard to answer",
  );
  start("second raylet", [`--address=127.0.0.1:${port}`]);
  const raylets = async () => {
    const nodes = await get("nodes?view=summary");
    return nodes.match(/"state": ?"ALIVE"/g)?.length ?? 0;
  };
  await eventually(async () => await raylets() === 2, START_SECONDS, "two raylets");
  return { address, job: (id) => get(`api/jobs/${id}`) };
}
