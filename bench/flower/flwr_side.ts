import { connectionToml } from "../../tests/support/flower.ts";
import { freePorts } from "../../tests/support/ports.ts";
import type { Process } from "../../tests/support/process.ts";
import type { Stage } from "../../tests/support/stage.ts";
import { stopwatch } from "../support/stopwatch.ts";
import type { FlowerSide } from "./side.ts";
import { untilHealthy } from "./until_healthy.ts";

/** How this project's processes are started. */
export interface FlwrSideOptions {
  /** The installed command. */
  readonly flwr: string;
  /** The Python that runs Python apps; without it they cannot be run. */
  readonly python?: string;
}

/** This project's SuperLink, SuperNodes and `flwr` command. */
export function flwrSide({ flwr, python }: FlwrSideOptions): FlowerSide {
  const startFlwr = (
    stage: Stage,
    name: string,
    args: readonly string[],
    home = "flwr-superlink",
  ): Process =>
    stage.start({
      name,
      command: flwr,
      args,
      cwd: stage.folder.path,
      env: { FLWR_HOME: stage.path(home) },
    });

  return {
    side: "flwr",

    async startSuperLink({ stage, credentials }, { database, apps = "here", flags = [] } = {}) {
      const [http, grpc, driver, control] = freePorts(4).map((port) => `127.0.0.1:${port}`) as [
        string,
        string,
        string,
        string,
      ];
      const seconds = stopwatch();
      const process = startFlwr(stage, "flwr superlink", [
        ...["superlink", "--port", http.split(":")[1]!, "--fleet-api-address", grpc],
        ...["--driver-api-address", driver, "--control-api-address", control],
        ...credentials.serverFlags(),
        "--enable-supernode-auth",
        ...["--database", database ?? ":memory:"],
        ...(apps === "here" ? [] : ["--isolation", "process"]),
        ...(python === undefined ? [] : ["--python", python]),
        ...flags,
      ]);
      await untilHealthy(http, credentials.caCertificate, process);
      return { process, http, grpc, readySeconds: seconds() };
    },

    async startSuperNode({ stage, credentials }, http, node) {
      const seconds = stopwatch();
      const process = startFlwr(stage, `flwr supernode ${node}`, [
        ...["supernode", "--superlink", http, "--root-certificates", credentials.caCertificate],
        ...["--auth-supernode-private-key", credentials.nodePrivateKey(node)],
        ...["--node-config", `partition-id=${node - 1} num-partitions=2`],
      ], `flwr-supernode-${node}`);
      await process.waitForLine(/SuperNode \d+ joined/);
      return { process, readySeconds: seconds() };
    },

    async command({ stage, credentials }, http) {
      const home = stage.path("flwr-command");
      await Deno.mkdir(home, { recursive: true });
      await Deno.writeTextFile(
        `${home}/config.toml`,
        connectionToml(http, credentials.caCertificate),
      );
      return { start: (args) => startFlwr(stage, "flwr", args, "flwr-command") };
    },
  };
}
