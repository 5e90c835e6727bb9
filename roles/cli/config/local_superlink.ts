import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { formatSeconds } from "../../../base/readable.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { LOCAL_PORT_VARIABLE } from "./default_config.ts";

/** Header of the SuperLink's response to a health check: see rpc/http/server.ts, which commands do not load. */
const HEALTH_HEADER = "flwr-health";

/** Number of seconds without work after which the SuperLink exits. */
const IDLE_SECONDS = 600;

/** Name of the environment variable that changes this number. */
const IDLE_VARIABLE = "FLWR_LOCAL_SUPERLINK_IDLE_SECONDS";

/** Seconds that a start may take, as in Flower (1.42). */
const START_SECONDS = 15;

/** Seconds between two checks whether it has started. */
const CHECK_SECONDS = 0.02;

/** Runs at once on a machine with few cores: the default of `flwr superlink`. */
const MIN_CONCURRENT_RUNS = 4;

/** Bytes of the end of its log that an error shows. */
const SHOWN_LOG_BYTES = 2000;

/** The SuperLink that commands start on this machine. */
export interface LocalSuperLink {
  /** Flower's home folder, in which it keeps its log and its database. */
  readonly home: string;
  /** "host:port" of its HTTP API. */
  readonly address: string;
  /** Whether it has a database. */
  readonly isLasting: boolean;
}

/**
 * Starts the local SuperLink in the background, unless it is already running. It ends by itself when nothing has called
 * it for a while and no run is in progress.
 *
 * @returns a line for the user if it was started
 * @throws FlwrError "unavailable" when it does not start, with the end of its log
 */
export async function ensureLocalSuperLink(local: LocalSuperLink): Promise<string | undefined> {
  const { home, address } = local;
  const idleSeconds = readIdleSeconds();
  if (await answers(address)) return undefined;
  const folder = join(home, "local-simulation");
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const logFile = join(folder, "superlink.log");
  const ended = start(local, { folder, logFile, idleSeconds });
  const deadline = systemClock.now() + START_SECONDS;
  while (systemClock.now() < deadline) {
    if (await answers(address)) {
      const time = formatSeconds(idleSeconds);
      return `Started it in the background. It ends by itself after ${time} without work`;
    }
    // Another command may have started a SuperLink at the same time, so the end of this one alone is not a failure.
    if (ended.signal.aborted && !await answers(address)) break;
    await systemClock.sleep(CHECK_SECONDS);
  }
  throw new FlwrError("unavailable", `The local SuperLink did not start at ${address}`, {
    hints: [
      `Its log, "${logFile}", ends with: ${await endOf(logFile)}`,
      `If another program uses the port, set ${LOCAL_PORT_VARIABLE} to another one`,
    ],
  });
}

/** Starts the process. @returns its end, as a signal */
function start({ address, isLasting }: LocalSuperLink, { folder, logFile, idleSeconds }: Place) {
  const { host, port } = parseAddress(address);
  const words = [
    "superlink",
    "--insecure",
    "--simulation",
    `--host=${host}`,
    `--port=${port}`,
    "--fleet-api-address=none",
    "--driver-api-address=none",
    "--control-api-address=none",
    `--database=${isLasting ? join(folder, "state.db") : ":memory:"}`,
    `--log-file=${logFile}`,
    `--idle-exit=${idleSeconds}`,
    // The runs of a sweep have a core each.
    `--concurrent-runs=${Math.max(MIN_CONCURRENT_RUNS, navigator.hardwareConcurrency)}`,
    // Python apps run without a sandbox, and any user of this machine may submit one.
    "--python=none",
  ];
  const program = Deno.build.standalone ? [] : ["run", "-A", "--quiet", programFile()];
  const child = spawn(Deno.execPath(), [...program, ...words], {
    cwd: folder,
    stdio: "ignore",
    // It must outlive this command, and Ctrl-C in its terminal.
    detached: true,
    windowsHide: true,
  });
  child.unref();
  const ended = new AbortController();
  child.once("exit", () => ended.abort());
  child.once("error", () => ended.abort());
  return ended;
}

/** The folder of its files, and how long it waits for work. */
interface Place {
  readonly folder: string;
  readonly logFile: string;
  readonly idleSeconds: number;
}

function readIdleSeconds(): number {
  const text = Deno.env.get(IDLE_VARIABLE);
  if (!text) return IDLE_SECONDS;
  if (/^\d{1,9}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new FlwrError(
    "invalid-argument",
    `${IDLE_VARIABLE} is not a number of seconds: "${text}"`,
    {
      hints: ["Set it to a whole number, 1 or more"],
    },
  );
}

/** The module that this program was started with. */
function programFile(): string {
  return fileURLToPath(Deno.mainModule);
}

/**
 * Whether a SuperLink of ours answers to health checks.
 *
 * @throws FlwrError "failed-precondition" when another program answers
 */
async function answers(address: string): Promise<boolean> {
  let response: Response;
  try {
    response = await fetch(`http://${address}/health`, {
      signal: AbortSignal.timeout(1000 * START_SECONDS),
    });
    await response.body?.cancel();
  } catch {
    return false;
  }
  if (response.headers.has(HEALTH_HEADER)) return response.ok;
  throw new FlwrError(
    "failed-precondition",
    `Another program listens on ${address}, where the local SuperLink belongs`,
    { hints: [`Set ${LOCAL_PORT_VARIABLE} to another port`] },
  );
}

async function endOf(logFile: string): Promise<string> {
  const text = await Deno.readTextFile(logFile).catch(() => "");
  return text.slice(-SHOWN_LOG_BYTES).trim() || "nothing";
}
