/** Processes of the real Flower since 1.23: SuperLink, SuperNode and the `flwr` command. */
import type { Credentials, Security } from "./credentials.ts";
import { eventually } from "./deadline.ts";
import { freePorts } from "./ports.ts";
import type { Process } from "./process.ts";
import type { FlowerVersion } from "./python.ts";
import { dirname } from "node:path";
import type { Stage } from "./stage.ts";

/** How long one of their processes may take to its start on a busy machine, in seconds. */
const START_SECONDS = 60;

/** An installed Flower. */
export interface Flower {
  readonly version: FlowerVersion;
  /** The Python of its environment; its programs lie beside it. */
  readonly python: string;
}

/** What all their processes have in common. */
export interface FlowerOptions {
  readonly stage: Stage;
  readonly flower: Flower;
  readonly security: Security;
  readonly credentials: Credentials;
}

/** Where a SuperLink is reached. */
export interface SuperLinkAddresses {
  /** HTTP: the Control API, and the Fleet API since 1.40. */
  readonly http: string;
  /** gRPC: the Fleet API until 1.38. */
  readonly fleet: string;
}

/**
 * Starts their `flower-superlink` and waits until it answers.
 *
 * @param options.flags more flags; without any it starts the ServerApps itself
 */
export async function startFlowerSuperLink(
  options: FlowerOptions & { flags?: readonly string[] },
): Promise<SuperLinkAddresses & { process: Process }> {
  const { security, credentials, flags = [] } = options;
  const [httpPort, fleetPort] = freePorts(2);
  const [http, fleet] = [`127.0.0.1:${httpPort}`, `127.0.0.1:${fleetPort}`];
  const process = startFlower(options, "flower-superlink", [
    ...["--host", "127.0.0.1", "--port", String(httpPort), "--fleet-api-address", fleet],
    // offline, and apps need nothing beside what is installed
    "--disable-runtime-dependency-installation",
    ...(security === "insecure" ? ["--insecure"] : credentials.serverFlags()),
    ...(security === "auth" ? ["--enable-supernode-auth"] : []),
    ...flags,
  ]);
  await listens(http, process);
  // 1.41 serves SuperNodes over HTTP alone
  if (options.flower.version !== "1.41.0") await listens(fleet, process);
  return { process, http, fleet };
}

/**
 * Starts their `flower-supernode`, which takes its apps from the SuperLink.
 *
 * @param options.node 1 for the first key
 * @param options.partition which part of the data it has
 */
export function startFlowerSuperNode(
  options: FlowerOptions & { superlink: SuperLinkAddresses; node: number; partition: number },
): Process {
  const { security, credentials, superlink, node, partition } = options;
  const [port] = freePorts(1);
  return startFlower(options, "flower-supernode", [
    ...["--superlink", options.flower.version === "1.41.0" ? superlink.http : superlink.fleet],
    ...["--host", "127.0.0.1", "--port", String(port)],
    ...["--node-config", `partition-id=${partition}`],
    ...(security === "insecure"
      ? ["--insecure"]
      : ["--root-certificates", credentials.caCertificate]),
    ...(security === "auth"
      ? ["--auth-supernode-private-key", credentials.nodePrivateKey(node)]
      : []),
  ]);
}

/** The id that a SuperNode of theirs got. */
export async function flowerNodeId(supernode: Process): Promise<string> {
  const match = await supernode.waitForLine(/SuperNode ID: (\d+)/, START_SECONDS);
  return match[1]!;
}

/** Their `flwr` command, which knows one SuperLink by the name `here`. */
export class FlowerCommand {
  readonly #options: FlowerOptions;

  private constructor(options: FlowerOptions) {
    this.#options = options;
  }

  /** Makes Flower's configuration file for one SuperLink. */
  static async at(options: FlowerOptions & { http: string }): Promise<FlowerCommand> {
    const { stage, flower, security, credentials, http } = options;
    const home = homeOf(stage, `flwr-${flower.version}`);
    await Deno.mkdir(home, { recursive: true });
    await Deno.writeTextFile(
      `${home}/config.toml`,
      connectionToml(http, security === "insecure" ? undefined : credentials.caCertificate),
    );
    return new FlowerCommand(options);
  }

  /** Starts a command line, `["ls", "here"]`. */
  start(args: readonly string[]): Process {
    return startFlower(this.#options, "flwr", args, `flwr-${this.#options.flower.version}`);
  }
}

/** What `config.toml` in Flower's folder says to know one SuperLink by the name `here`. */
export function connectionToml(http: string, caCertificate?: string): string {
  const trust = caCertificate === undefined
    ? "insecure = true"
    : `root-certificates = ${JSON.stringify(caCertificate)}`;
  return `[superlink]\ndefault = "here"\n\n[superlink.here]\naddress = "${http}"\n${trust}\n`;
}

/** The environment of their processes: nothing of it leaves the stage or this machine. */
export function flowerEnvironmentVariables(
  stage: Stage,
  home: string,
  python?: string,
): Record<string, string> {
  const path = Deno.env.get("PATH") ?? "";
  return {
    FLWR_HOME: homeOf(stage, home),
    FLWR_TELEMETRY_ENABLED: "0",
    FLWR_DISABLE_UPDATE_CHECK: "1",
    // the parent's settings for proxies must not come between two loopback addresses
    no_proxy: "127.0.0.1,localhost",
    PYTHONDONTWRITEBYTECODE: "1",
    HOME: stage.folder.path,
    // tables and words are not broken to fit a terminal
    COLUMNS: "200",
    // their programs find each other there
    PATH: python === undefined ? path : `${dirname(python)}:${path}`,
  };
}

function homeOf(stage: Stage, name: string): string {
  return stage.path(`home/${name}`);
}

let started = 0;

function startFlower(
  { stage, flower }: FlowerOptions,
  script: string,
  args: readonly string[],
  home = `${script}-${++started}`,
): Process {
  return stage.start({
    name: `${script} ${flower.version}`,
    command: `${dirname(flower.python)}/${script}`,
    args,
    cwd: stage.folder.path,
    env: flowerEnvironmentVariables(stage, home, flower.python),
  });
}

/** Waits until something takes connections at an address. */
async function listens(address: string, process: Process): Promise<void> {
  const [hostname, port] = address.split(":");
  await eventually(
    async () => {
      if (process.status !== undefined) throw new Error(`${process.name} ended at its start`);
      try {
        (await Deno.connect({ hostname: hostname!, port: Number(port) })).close();
        return true;
      } catch {
        return false;
      }
    },
    START_SECONDS,
    `${process.name} to listen on ${address}`,
  );
}
