import { startFlwr, startSuperLink } from "../../tests/support/flwr.ts";
import type { Contestant } from "./contestant.ts";
import { nodesOnline } from "./nodes_online.ts";
import { parseFlwrHistory } from "./run_history.ts";
import { stopwatch } from "./stopwatch.ts";

/** An app in TypeScript and what it is told. */
export interface FlwrApp {
  /** The folder with `client.ts` and `server.ts`. */
  readonly folder: string;
  /** As `--node-config` and `--run-config` have it: `name=value` pairs. */
  readonly nodeConfig: string;
  readonly runConfig: string;
  /** The folder of the sources that run; this repository by default. */
  readonly root?: string;
}

/** This project, started as its README says. */
export function flwrContestant({ folder, nodeConfig, runConfig, root }: FlwrApp): Contestant {
  return {
    side: "flwr",

    async startSuperLink({ stage, credentials }) {
      const seconds = stopwatch();
      const superLink = await startSuperLink({ stage, credentials, ...(root && { root }) });
      return { ...superLink, readySeconds: seconds() };
    },

    async startSuperNode({ stage, credentials }, { driver, fleet }, node) {
      const seconds = stopwatch();
      const process = startFlwr(
        stage,
        `supernode ${node}`,
        [
          ...["supernode", "client:app", "--dir", folder, "--server", fleet],
          ...["--node-config", nodeConfig],
          ...credentials.supernodeFlags(node),
        ],
        undefined,
        root,
      );
      await nodesOnline(driver, credentials, node, process);
      return { process, readySeconds: seconds() };
    },

    startServerApp({ stage, credentials }, { driver }) {
      const file = stage.path("history.json");
      const seconds = stopwatch();
      const process = startFlwr(
        stage,
        "run",
        [
          ...["run", "server:app", "--dir", folder, "--server", driver, "--json", file],
          ...["--run-config", runConfig],
          ...["--root-certificates", credentials.caCertificate],
        ],
        undefined,
        root,
      );
      return {
        process,
        // The second form is that of versions up to 0.3, which comparisons measure too.
        readySeconds: process.waitForLine(/Loaded ServerApp |ServerApp .* is loaded/).then(seconds),
        history: async () => parseFlwrHistory(await Deno.readTextFile(file)),
      };
    },
  };
}
