import { join } from "node:path";
import type { Credentials } from "./credentials.ts";
import type { Addresses, RunOptions } from "./peer.ts";
import type { LogRecord } from "./log_record.ts";
import { freePorts } from "./ports.ts";
import type { Process } from "./process.ts";
import { repositoryPath } from "./repository.ts";
import type { Stage } from "./stage.ts";

/** What our processes have in common. */
interface FlwrOptions {
  stage: Stage;
  /** TLS and node authentication; without them `--insecure`. */
  credentials?: Credentials;
  /** More flags, at the end. */
  flags?: readonly string[];
  /** Added to the process' environment. */
  env?: Readonly<Record<string, string>>;
  /** The folder of the sources that run; this repository by default. */
  root?: string;
}

/** The tests' apps, in TypeScript. */
export const APPS: string = repositoryPath("tests/interop/apps/typescript");

/** The flags that make a role's log one of events: {@link Process.waitForEvent}. */
export const EVENTS: readonly string[] = ["--log-format", "json"];
/** The commands that have a log. (`run` has one where it runs a ServerApp itself.) */
const LOGGING: ReadonlySet<string> = new Set([
  "superlink",
  "supernode",
  "superexec",
  "simulation-worker",
]);
/** Commands below `supernode`, which have none. */
const ABOUT_NODES: ReadonlySet<string> = new Set(["register", "unregister", "list"]);

/**
 * Starts any command line of ours. The log of a SuperLink, SuperNode or SuperExec is in JSON. A SuperLink stores
 * nothing, unless the command line names a database: the default is one file for all SuperLinks of a user.
 */
export function startFlwr(
  stage: Stage,
  name: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  root = repositoryPath(""),
): Process {
  const [command = "", below = ""] = args;
  const events = LOGGING.has(command) && !ABOUT_NODES.has(below) ? EVENTS : [];
  const hasDatabase = command !== "superlink" || args.some((arg) => arg.startsWith("--database"));
  const database = hasDatabase ? [] : ["--database", ":memory:"];
  return stage.start({
    name,
    env,
    command: Deno.execPath(),
    args: ["run", "-A", join(root, "main.ts"), ...args, ...database, ...events],
    // apps find "flwr" through the project's import map, wherever the tests are started from
    cwd: root,
  });
}

/**
 * Starts our SuperLink and waits until it is ready.
 *
 * @param options.addresses where to listen; default: free ports of its own choice. {@link lastingAddresses} if it is
 *   started again.
 */
export async function startSuperLink(
  { stage, credentials, addresses, flags = [], env, root }: FlwrOptions & {
    addresses?: Addresses;
  },
): Promise<Addresses & { http: string; control: string; process: Process }> {
  const process = startFlwr(
    stage,
    "superlink",
    [
      "superlink",
      ...["--driver-api-address", addresses?.driver ?? "127.0.0.1:0"],
      ...["--fleet-api-address", addresses?.fleet ?? "127.0.0.1:0"],
      ...["--port", "0", "--control-api-address", "127.0.0.1:0"],
      ...(credentials?.superlinkFlags() ?? ["--insecure"]),
      ...flags,
    ],
    env,
    root,
  );
  const addressOf = await (root === undefined ? superLinkReady : otherVersionReady)(process);
  return {
    process,
    driver: addressOf("driver"),
    fleet: addressOf("fleet"),
    control: addressOf("control"),
    http: addressOf("http"),
  };
}

/**
 * Addresses for a SuperLink that is started again: while it is away, no connection of another test takes its ports, which
 * could be any that the system gives.
 */
export function lastingAddresses(): Addresses {
  const [driver, fleet] = freePorts(2).map((port) => `127.0.0.1:${port}`);
  return { driver: driver!, fleet: fleet! };
}

/** Gives the address of an API: "driver", "fleet", "control" or "http". */
type AddressOf = (api: string) => string;

/** Waits until a SuperLink of ours is ready. Its log must be one of {@link EVENTS}. */
export async function superLinkReady(superlink: Process): Promise<AddressOf> {
  await superlink.waitForEvent("superlink-ready");
  return addressWhere(
    superlink,
    (api) => ({ event, fields }) => event === "listening" && fields["api"] === api,
  );
}

/** How the lines of releases before 0.5 begin, whose records name no events. */
const TITLES: Readonly<Record<string, string>> = {
  driver: "Driver API",
  fleet: "Fleet API",
  control: "Control API",
  http: "HTTP",
};

/** {@link superLinkReady} of another version's sources, which the comparison of speeds starts. */
async function otherVersionReady(superlink: Process): Promise<AddressOf> {
  await superlink.waitForLine(/SuperLink ready/);
  return addressWhere(
    superlink,
    (api) => ({ message, fields }) => message.startsWith(TITLES[api]!) && "address" in fields,
  );
}

function addressWhere(
  superlink: Process,
  isOf: (api: string) => (record: LogRecord) => boolean,
): AddressOf {
  return (api) => {
    const listening = superlink.records.find(isOf(api));
    if (listening === undefined) throw new Error(`The SuperLink did not say where "${api}" is`);
    return String(listening.fields["address"]);
  };
}

/**
 * Starts our SuperNode with the tests' ClientApp.
 *
 * @param options.node 1 for the first node: its key
 * @param options.partition default: the one below the node's number
 * @param options.config more of the node's configuration, e.g. `hang-round=2`
 */
export function startSuperNode(
  { stage, credentials, fleet, node, partition = node - 1, config = "", flags = [], env }:
    & FlwrOptions
    & {
      fleet: string;
      node: number;
      partition?: number;
      config?: string;
    },
): Process {
  return startFlwr(stage, `supernode ${node}`, [
    ...["supernode", "client:app", "--dir", APPS, "--server", fleet],
    ...["--node-config", `partition-id=${partition} num-partitions=2 ${config}`.trim()],
    ...(credentials?.supernodeFlags(node) ?? ["--insecure"]),
    ...flags,
  ], env);
}

/** Waits until a SuperNode of ours has joined, and returns its id in decimal digits. */
export async function joined(supernode: Process): Promise<string> {
  return String((await supernode.waitForEvent("joined")).fields["nodeId"]);
}

/** Starts our ServerApp with the tests' ServerApp. */
export function startServerApp(
  { stage, credentials, driver, result, initial = "given", rounds = 3, flags = [] }:
    & FlwrOptions
    & RunOptions,
): Process {
  return startFlwr(stage, "run", [
    ...["run", "server:app", "--dir", APPS, "--server", driver],
    ...["--run-config", `num-rounds=${rounds} initial="${initial}" result="${result}"`],
    ...(credentials === undefined
      ? ["--insecure"]
      : ["--root-certificates", credentials.caCertificate]),
    ...EVENTS,
    // Its checkpoints would otherwise stay in this repository.
    ...(flags.includes("--artifacts") ? [] : ["--artifacts", `${result}.run`]),
    ...flags,
  ]);
}
