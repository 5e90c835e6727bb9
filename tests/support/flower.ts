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
  /** HTTP: the Control API since 1.37, and the Fleet API since 1.40. */
  readonly http: string;
  /** gRPC: the Fleet API until 1.39. */
  readonly fleet: string;
  /** gRPC: the Control API until 1.36. */
  readonly control: string;
}

/** How the programs of a version are started and reached. */
export class FlowerWays {
  readonly #minor: number;

  constructor(version: string) {
    this.#minor = Number(version.split(".")[1]);
  }

  /** The address by which its SuperNodes reach a SuperLink. */
  fleetOf({ http, fleet }: SuperLinkAddresses): string {
    return this.servesNodesOverHttp ? http : fleet;
  }

  /** The address by which its `flwr` command reaches a SuperLink. */
  controlOf({ http, control }: SuperLinkAddresses): string {
    return this.#minor >= 37 ? http : control;
  }

  get servesNodesOverHttp(): boolean {
    return this.#minor >= 40;
  }

  /** Whether its SuperLink and SuperNode serve their own processes at `--host` and `--port`. */
  get hasHttpPort(): boolean {
    return this.#minor >= 35;
  }

  /** Whether its `flwr` command knows SuperLinks by a configuration file, and not by the app's. */
  get hasConfigFile(): boolean {
    return this.#minor >= 26;
  }

  /** Whether its `flwr` command registers SuperNodes; the keys of earlier ones are listed, and given to them both. */
  get registersNodes(): boolean {
    return this.#minor >= 23;
  }

  /** The flags by which its SuperLink admits known SuperNodes only. */
  authenticationFlags({ keyList }: Credentials): string[] {
    return this.registersNodes ? ["--enable-supernode-auth"] : ["--auth-list-public-keys", keyList];
  }

  /** Whether its ServerApps have the strategies of today's message API. */
  get hasStrategiesOfToday(): boolean {
    return this.#minor >= 21;
  }

  /** The flag for the address of its SuperLink's Control API. */
  get controlFlag(): string {
    return this.#minor >= 21 ? "--control-api-address" : "--exec-api-address";
  }

  /** Whether its SuperLink installs what apps ask for, unless it is forbidden. */
  get installsDependencies(): boolean {
    return this.#minor >= 32;
  }
}

/**
 * Starts their `flower-superlink` and waits until it answers.
 *
 * @param options.flags more flags; without any it starts the ServerApps itself
 */
export async function startFlowerSuperLink(
  options: FlowerOptions & { flags?: readonly string[]; addresses?: SuperLinkAddresses },
): Promise<SuperLinkAddresses & { process: Process }> {
  const { flower, security, credentials, flags = [], addresses = freeAddresses() } = options;
  const ways = new FlowerWays(flower.version);
  const { http, fleet, control } = addresses;
  const process = startFlower(options, "flower-superlink", [
    ...(ways.hasHttpPort
      ? ["--host", "127.0.0.1", "--port", portOf(http)]
      : ["--serverappio-api-address", http]),
    ...["--fleet-api-address", fleet],
    ...(ways.controlOf(addresses) === control ? [ways.controlFlag, control] : []),
    // offline, and apps need nothing beside what is installed
    ...(ways.installsDependencies ? ["--disable-runtime-dependency-installation"] : []),
    ...(security === "insecure" ? ["--insecure"] : credentials.serverFlags()),
    ...(security === "auth" ? ways.authenticationFlags(credentials) : []),
    ...flags,
  ]);
  for (const address of new Set([ways.controlOf(addresses), ways.fleetOf(addresses)])) {
    await listens(address, process);
  }
  return { process, ...addresses };
}

/** Addresses for a SuperLink that nothing else listens on. */
export function freeAddresses(): SuperLinkAddresses {
  const [http, fleet, control] = freePorts(3).map((port) => `127.0.0.1:${port}`);
  return { http: http!, fleet: fleet!, control: control! };
}

function portOf(address: string): string {
  return address.split(":")[1]!;
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
  const { flower, security, credentials, superlink, node, partition } = options;
  const ways = new FlowerWays(flower.version);
  const [port] = freePorts(1);
  return startFlower(options, "flower-supernode", [
    ...["--superlink", ways.fleetOf(superlink)],
    ...(ways.hasHttpPort
      ? ["--host", "127.0.0.1", "--port", String(port)]
      : ["--clientappio-api-address", `127.0.0.1:${port}`]),
    ...["--node-config", `partition-id=${partition} num-partitions=2`],
    ...(security === "insecure"
      ? ["--insecure"]
      : ["--root-certificates", credentials.caCertificate]),
    ...(security === "auth"
      ? ["--auth-supernode-private-key", credentials.nodePrivateKey(node)]
      : []),
    ...(security === "auth" && !ways.registersNodes
      ? ["--auth-supernode-public-key", credentials.nodePublicKey(node)]
      : []),
  ]);
}

/** The id that a SuperNode of theirs got. Those of versions before 1.23 do not print it: the SuperLink does. */
export async function flowerNodeId(supernode: Process): Promise<string> {
  const match = await supernode.waitForLine(/SuperNode ID: (\d+)/, START_SECONDS);
  return match[1]!;
}

/** Their `flwr` command, which knows one SuperLink by the name `here`. */
export class FlowerCommand {
  readonly #options: FlowerOptions;
  /** How it reaches the SuperLink, as lines of TOML. */
  readonly #connection: string;

  private constructor(options: FlowerOptions, connection: string) {
    this.#options = options;
    this.#connection = connection;
  }

  /** Makes Flower's configuration file for one SuperLink. */
  static async at(
    options: FlowerOptions & { superlink: SuperLinkAddresses },
  ): Promise<FlowerCommand> {
    const { stage, flower, security, credentials, superlink } = options;
    const address = new FlowerWays(flower.version).controlOf(superlink);
    const home = homeOf(stage, `flwr-${flower.version}`);
    await Deno.mkdir(home, { recursive: true });
    const authority = security === "insecure" ? undefined : credentials.caCertificate;
    await Deno.writeTextFile(`${home}/config.toml`, connectionToml(address, authority));
    return new FlowerCommand(options, connectionLines(address, authority));
  }

  /** Names the SuperLink in an app's own pyproject.toml, where versions before 1.26 look for it. */
  async nameIn(app: string): Promise<void> {
    if (new FlowerWays(this.#options.flower.version).hasConfigFile) return;
    const federation = `\n[tool.flwr.federations.here]\n${this.#connection}\n`;
    await Deno.writeTextFile(`${app}/pyproject.toml`, federation, { append: true });
  }

  /** Starts a command line, `["ls", "here"]`. */
  start(args: readonly string[]): Process {
    return startFlower(this.#options, "flwr", args, `flwr-${this.#options.flower.version}`);
  }
}

/** What `config.toml` in Flower's folder says to know one SuperLink by the name `here`. */
export function connectionToml(address: string, caCertificate?: string): string {
  const lines = connectionLines(address, caCertificate);
  return `[superlink]\ndefault = "here"\n\n[superlink.here]\n${lines}\n`;
}

function connectionLines(address: string, caCertificate: string | undefined): string {
  const trust = caCertificate === undefined
    ? "insecure = true"
    : `root-certificates = ${JSON.stringify(caCertificate)}`;
  return `address = "${address}"\n${trust}`;
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
