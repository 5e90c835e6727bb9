import { PrivateKey } from "../../auth/private_key.ts";
import { systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { log, type LogFile } from "../../base/log.ts";
import { findPort } from "../../rpc/server_listener.ts";
import type { SuperLinkConfig } from "./config.ts";
import { LISTENER_FLAGS, type Listeners } from "./listeners.ts";
import type { Orders } from "./processes/orders.ts";
import { spawnSelf } from "./processes/spawn.ts";
import { type ProcessEvent, Supervisor } from "./processes/supervisor.ts";

const logger = log("superlink");

/** Options of {@link startProcesses}. */
export interface ProcessesOptions {
  /** Aborted when they shall end. */
  readonly stop: AbortSignal;
  readonly onReady: () => void;
  /** Receives the log lines of all processes. */
  readonly logFile: LogFile | undefined;
}

/** SuperLink processes that share their ports. */
export interface Processes {
  /** Makes all read their files again. */
  reload(): void;
  /** Resolves when all have ended. @throws FlwrError as {@link Supervisor.run} */
  readonly ended: Promise<void>;
}

/**
 * Starts `config.processes` SuperLinks on the same ports, and keeps them running.
 *
 * @throws FlwrError naming the flag whose address cannot be listened on
 */
export async function startProcesses(
  config: SuperLinkConfig,
  { stop, onReady, logFile }: ProcessesOptions,
): Promise<Processes> {
  const { authentication, processes: count } = config;
  const common: Omit<Orders, "number"> = {
    listeners: findPorts(config.listeners),
    logsToFile: logFile !== undefined,
    ...(authentication === undefined || authentication.ownKey !== undefined
      ? {}
      : { ownKey: (await PrivateKey.generate("P-384")).revealScalar().toHex() }),
  };
  const encoder = new TextEncoder();
  const supervisor = new Supervisor({
    count,
    clock: systemClock,
    start: (number) =>
      spawnSelf({ ...common, number }, (line) => logFile?.write(encoder.encode(line))),
    onReady: () => {
      logger.info("{count} processes serve", { event: "processes-ready", count });
      onReady();
    },
    onEvent: logEvent,
  });
  return { reload: () => supervisor.signal("SIGHUP"), ended: supervisor.run(stop) };
}

function logEvent(event: ProcessEvent): void {
  const { kind, ...values } = event;
  if (kind === "process-started") {
    logger.info("Process {number} is {pid}", { event: kind, ...values });
  } else {
    logger.error("Process {number} ended ({end}). It starts again in {pauseSeconds} s", {
      event: kind,
      ...values,
    });
  }
}

/** The actual addresses. Fails if another program listens on one, which the processes would not notice. */
function findPorts(listeners: Listeners): Record<string, string> {
  return Object.fromEntries(
    Object.entries(listeners).map(([name, address]) => {
      try {
        return [name, findPort(address)];
      } catch (error) {
        const { code, message, hints } = FlwrError.from(error);
        const flag = LISTENER_FLAGS[name as keyof Listeners];
        throw new FlwrError(code, `${flag}: ${message}`, { hints, cause: error });
      }
    }),
  );
}
