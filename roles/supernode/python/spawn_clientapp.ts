import { log } from "../../../base/log.ts";
import { describeEnd, lastLine, runPythonProcess } from "../../../hosting/python/python_process.ts";
import type { PythonCommand } from "../../../hosting/python/find_python_command.ts";
import type { Execute } from "./python_app.ts";
import type { RuntimeApi } from "./runtime_api.ts";

/** Options of {@link spawnClientApp}. */
export interface SpawnOptions extends PythonCommand {
  readonly api: RuntimeApi;
  /** File with the CA of the Runtime API's certificate. Undefined without TLS. */
  readonly authorityFile?: string;
  /** Whether apps may install packages. */
  readonly installDependencies: boolean;
}

/** Escape sequences for colours, which the log must not contain. */
const COLOURS = new RegExp("\u001b\\[[\\d;]*m", "g");

/** Executes each task in a process of `flwr-clientapp` (contract, section 3.2). The log gets its output. */
export function spawnClientApp({ api, ...how }: SpawnOptions): Execute {
  return async (task, _fabHash, signal) => {
    const runtimeAddress = await api.open();
    task.recordSign();
    const { runId, token } = task.task;
    const end = await runPythonProcess({
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
