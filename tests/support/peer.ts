import type { Credentials } from "./credentials.ts";
import { freePorts } from "./ports.ts";
import type { Process } from "./process.ts";
import { repositoryPath } from "./repository.ts";
import type { Stage } from "./stage.ts";

/** What the real Flower's processes have in common. */
interface PeerOptions {
  stage: Stage;
  /** The Python of the environment that has Flower 1.9.0. */
  python: string;
  /** TLS and node authentication; without them `--insecure`. */
  credentials?: Credentials;
}

/** What the tests' ServerApps, in either language, are told. */
export interface RunOptions {
  /** The address of the Driver API. */
  driver: string;
  /** The JSON file that the ServerApp writes at the end. */
  result: string;
  /** The initial arrays: the ServerApp's own, the same with a large one, or those of a node that is asked. */
  initial?: "given" | "large" | "client";
  /** Default: 3. */
  rounds?: number;
}

/** Addresses of a running SuperLink. */
export interface Addresses {
  readonly driver: string;
  readonly fleet: string;
}

const APPS = repositoryPath("tests/interop/apps/python");

/** Starts the real `flower-superlink` and waits until both its servers listen. */
export async function startPeerSuperLink(
  { stage, python, credentials }: PeerOptions,
): Promise<Addresses & { process: Process }> {
  const [driverPort, fleetPort] = freePorts(2);
  const [driver, fleet] = [`127.0.0.1:${driverPort}`, `127.0.0.1:${fleetPort}`];
  const process = launch(stage, python, "flower-superlink", {}, [
    ...["--driver-api-address", driver, "--fleet-api-address", fleet],
    ...(credentials?.superlinkFlags() ?? ["--insecure"]),
  ]);
  await process.waitForLine(/Starting Fleet API .* on /);
  return { process, driver, fleet };
}

/**
 * Starts the real `flower-client-app` with a ClientApp of the tests.
 *
 * @param options.app default: that of the arithmetic
 * @param options.node 1 for the first node: its key
 * @param options.partition default: the one below the node's number
 */
export function startPeerSuperNode(
  { stage, python, credentials, fleet, node, partition = node - 1, app = "client:app" }:
    & PeerOptions
    & {
      fleet: string;
      node: number;
      partition?: number;
      app?: string;
    },
): Process {
  return launch(stage, python, "flower-client-app", { PARTITION: String(partition) }, [
    ...[app, "--dir", APPS, "--server", fleet],
    ...(credentials?.supernodeFlags(node) ?? ["--insecure"]),
  ]);
}

/** Starts the real `flower-server-app` with the tests' ServerApp. */
export function startPeerServerApp(
  { stage, python, credentials, driver, result, initial = "given", rounds = 3 }:
    & PeerOptions
    & RunOptions,
): Process {
  const env = { RESULT: result, INITIAL: initial, ROUNDS: String(rounds) };
  return launch(stage, python, "flower-server-app", env, [
    ...["server:app", "--dir", APPS, "--server", driver],
    ...(credentials === undefined
      ? ["--insecure"]
      : ["--root-certificates", credentials.caCertificate]),
  ]);
}

function launch(
  stage: Stage,
  python: string,
  script: string,
  env: Record<string, string>,
  args: readonly string[],
): Process {
  return stage.start({
    name: script,
    command: python,
    args: [repositoryPath("tests/interop/launch.py"), script, ...args],
    env: {
      FLWR_TELEMETRY_ENABLED: "0",
      // the parent's settings for proxies must not come between two loopback addresses
      no_proxy: "127.0.0.1,localhost",
      PYTHONDONTWRITEBYTECODE: "1",
      HOME: stage.folder.path,
      ...env,
    },
  });
}
