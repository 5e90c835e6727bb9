import { dirname } from "node:path";
import { freePorts } from "../../tests/support/ports.ts";
import type { Process } from "../../tests/support/process.ts";
import type { Stage } from "../../tests/support/stage.ts";
import type { Contestant } from "./contestant.ts";
import { nodesOnline } from "./nodes_online.ts";
import { parsePythonHistory } from "./run_history.ts";
import { stopwatch } from "./stopwatch.ts";

/** An app in Python and what it is told. */
export interface PythonApp {
  /** The environment's Python, beside which Flower's commands lie. */
  readonly python: string;
  /** The folder with `client.py` and `server.py`. */
  readonly folder: string;
  /** The apps' settings. */
  readonly env: Readonly<Record<string, string>>;
}

/** The real Flower 1.9.0, started by its own commands. */
export function pythonContestant({ python, folder, env }: PythonApp): Contestant {
  const start = (stage: Stage, command: string, args: readonly string[]): Process =>
    stage.start({
      name: command,
      command: `${dirname(python)}/${command}`,
      args,
      env: {
        FLWR_TELEMETRY_ENABLED: "0",
        // the parent's settings for proxies must not come between two loopback addresses
        no_proxy: "127.0.0.1,localhost",
        // no __pycache__ beside the apps in the repository
        PYTHONDONTWRITEBYTECODE: "1",
        ...env,
      },
    });

  return {
    side: "python",

    async startSuperLink({ stage, credentials }) {
      const [driver, fleet] = freePorts(2).map((port) => `127.0.0.1:${port}`) as [string, string];
      const seconds = stopwatch();
      const process = start(stage, "flower-superlink", [
        ...["--driver-api-address", driver, "--fleet-api-address", fleet],
        ...credentials.superlinkFlags(),
      ]);
      await process.waitForLine(/Starting Fleet API .* on /);
      return { process, driver, fleet, readySeconds: seconds() };
    },

    async startSuperNode({ stage, credentials }, superLink, node) {
      const seconds = stopwatch();
      const process = start(stage, "flower-client-app", [
        ...["client:app", "--dir", folder, "--server", superLink.fleet],
        ...credentials.supernodeFlags(node),
      ]);
      await nodesOnline(superLink.driver, credentials, node, process);
      return { process, readySeconds: seconds() };
    },

    startServerApp({ stage, credentials }, { driver }) {
      const seconds = stopwatch();
      const process = start(stage, "flower-server-app", [
        ...["server:app", "--dir", folder, "--server", driver],
        ...["--root-certificates", credentials.caCertificate],
      ]);
      return {
        process,
        readySeconds: process.waitForLine(/Starting Flower ServerApp/).then(seconds),
        history: () => Promise.resolve(parsePythonHistory(process.lines)),
      };
    },
  };
}
