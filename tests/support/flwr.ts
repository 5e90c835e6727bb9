import { join } from "node:path";
import type { Credentials } from "./credentials.ts";
import type { Addresses, RunOptions } from "./peer.ts";
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

/** Starts any command line of ours. */
export function startFlwr(
  stage: Stage,
  name: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  root = repositoryPath(""),
): Process {
  return stage.start({
    name,
    env,
    command: Deno.execPath(),
    args: ["run", "-A", join(root, "main.ts"), ...args],
    // apps find "flwr" through the project's import map, wherever the tests are started from
    cwd: root,
  });
}

/**
 * Starts our SuperLink and waits until it is ready.
 *
 * @param options.addresses where to listen; default: free ports of its own choice
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
  await process.waitForLine(/SuperLink ready/);
  const listening = (api: string) => {
    const pattern = new RegExp(`${api} \\(.* on (\\S+)$`);
    for (const line of process.lines) {
      const match = pattern.exec(line);
      if (match !== null) return match[1]!;
    }
    throw new Error(`The SuperLink did not say where its ${api} is`);
  };
  return {
    process,
    driver: listening("Driver API"),
    fleet: listening("Fleet API"),
    control: listening("Control API"),
    http: listening("HTTP"),
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

/** Waits until a SuperNode of ours has joined, and returns its id as it prints it. */
export async function joined(supernode: Process): Promise<string> {
  const match = await supernode.waitForLine(/SuperNode (\d+) joined/);
  return match[1]!;
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
    ...flags,
  ]);
}
