import { log } from "../../../base/log.ts";
import { describeEnd, lastLine, runAppProcess } from "../../../hosting/python/app_process.ts";
import type { PythonCommand } from "../../../hosting/python/find_program.ts";
import type { Execute } from "./python_app.ts";
import type { RuntimeApi } from "./runtime_api.ts";

/** How Flower's own program for ClientApps is started. */
export interface SpawnOptions extends PythonCommand {
  readonly api: RuntimeApi;
  /** File with the authority of the Runtime API's certificate; undefined without TLS. */
  readonly authorityFile?: string;
  /** Whether apps may install packages. */
  readonly installDependencies: boolean;
}

/** What makes a terminal show colours; a log shows none. */
const COLOURS = new RegExp("\u001b\\[[\\d;]*m", "g");

/** Starts a process of `flwr-clientapp` for each task (contract, section 3.2); what it writes goes to the log. */
export function spawnClientApp({ api, ...how }: SpawnOptions): Execute {
  return async (task, _fabHash, signal) => {
    const runtimeAddress = await api.open();
    task.sign();
    const { runId, token } = task.task;
    const end = await runAppProcess({
      ...how,
      runtimeAddress,
      token,
      signal,
      onLine: (line) => {
        const text = line.replaceAll(COLOURS, "").trimEnd();
        if (text !== "") log("clientapp").info("Run {runId}: {text}", { runId, text });
      },
    });
    const last = lastLine(end);
    return `flwr-clientapp ended ${describeEnd(end)} without a reply${
      last === "" ? "" : `: ${last}`
    }`;
  };
}
