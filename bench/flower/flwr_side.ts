import { connectionToml } from "../../tests/support/flower.ts";
import { startFlwr } from "../../tests/support/flwr.ts";
import { freePorts } from "../../tests/support/ports.ts";
import { stopwatch } from "../support/stopwatch.ts";
import type { FlowerSide } from "./side.ts";
import { untilHealthy } from "./until_healthy.ts";

/** How this project's processes differ from how its README starts them. */
export interface FlwrSideOptions {
  /** The Python that runs Python apps; without it they cannot be run. */
  readonly python?: string;
}

/** This project's SuperLink, SuperNodes and `flwr` command. */
export function flwrSide({ python }: FlwrSideOptions = {}): FlowerSide {
  return {
    side: "flwr",

    async startSuperLink({ stage, credentials }, { database, apps = "here" } = {}) {
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
        ...(database === undefined ? [] : ["--database", database]),
        ...(apps === "here" ? [] : ["--isolation", "process"]),
        ...(python === undefined ? [] : ["--python", python]),
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
      ], { FLWR_HOME: stage.path(`flwr-home-${node}`) });
      await process.waitForLine(/SuperNode \d+ joined/);
      return { process, readySeconds: seconds() };
    },

    async command({ stage, credentials }, http) {
      const home = stage.path("flwr-home");
      await Deno.mkdir(home, { recursive: true });
      await Deno.writeTextFile(
        `${home}/config.toml`,
        connectionToml(http, credentials.caCertificate),
      );
      return { start: (args) => startFlwr(stage, "flwr", args, { FLWR_HOME: home }) };
    },
  };
}
