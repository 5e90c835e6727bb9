import { dirname } from "node:path";
import { connectionToml, flowerEnvironmentVariables } from "../../tests/support/flower.ts";
import { freePorts } from "../../tests/support/ports.ts";
import type { Process } from "../../tests/support/process.ts";
import type { Stage } from "../../tests/support/stage.ts";
import { stopwatch } from "../support/stopwatch.ts";
import type { FlowerSide } from "./side.ts";
import { untilHealthy } from "./until_healthy.ts";

/** Seconds that one of its processes may take to its start on a busy machine. */
const START_SECONDS = 60;

/** How a process of the real Flower is started. */
interface PythonCommand {
  /** The name of its folder as Flower's. */
  readonly home: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The real Flower 1.41.0. @param python the Python of its environment; its programs lie beside it */
export function pythonSide(python: string): FlowerSide {
  const start = (stage: Stage, { home, program, args, env }: PythonCommand): Process =>
    stage.start({
      name: program,
      command: `${dirname(python)}/${program}`,
      args,
      cwd: stage.folder.path,
      env: { ...flowerEnvironmentVariables(stage, home, python), ...env },
    });

  return {
    side: "python",

    async startSuperLink({ stage, credentials }, { database, apps = "here", grpc: serves } = {}) {
      const [port, grpcPort] = freePorts(2);
      const [http, grpc] = [`127.0.0.1:${port}`, `127.0.0.1:${grpcPort}`];
      const seconds = stopwatch();
      const process = start(stage, {
        home: "superlink",
        program: "flower-superlink",
        args: [
          ...["--host", "127.0.0.1", "--port", String(port), "--fleet-api-address", grpc],
          ...credentials.serverFlags(),
          ...["--enable-supernode-auth", "--disable-runtime-dependency-installation"],
          ...(database === undefined ? [] : ["--database", database]),
          ...(apps === "here" ? [] : ["--isolation", "process"]),
        ],
        // its gRPC servers are there for older clients, and off without
        env: serves === true ? { FLWR_INTERNAL_GRPC_FLEET_API: "1" } : {},
      });
      await untilHealthy(http, credentials.caCertificate, process);
      return { process, http, grpc, readySeconds: seconds() };
    },

    async startSuperNode({ stage, credentials }, http, node) {
      const [port] = freePorts(1);
      const seconds = stopwatch();
      const process = start(stage, {
        home: `supernode-${node}`,
        program: "flower-supernode",
        args: [
          ...["--superlink", http, "--root-certificates", credentials.caCertificate],
          ...["--auth-supernode-private-key", credentials.nodePrivateKey(node)],
          ...["--node-config", `partition-id=${node - 1} num-partitions=2`],
          ...["--host", "127.0.0.1", "--port", String(port)],
        ],
      });
      await process.waitForLine(/SuperNode ID: \d+/, START_SECONDS);
      return { process, readySeconds: seconds() };
    },

    async command({ stage, credentials }, http) {
      const home = stage.path("home/command");
      await Deno.mkdir(home, { recursive: true });
      await Deno.writeTextFile(
        `${home}/config.toml`,
        connectionToml(http, credentials.caCertificate),
      );
      return { start: (args) => start(stage, { home: "command", program: "flwr", args }) };
    },
  };
}
