import { printLine } from "../../output/print_line.ts";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Curve } from "../../../auth/curve.ts";
import { type HostName, LOCAL_HOSTS, parseHost } from "../../../certs/host.ts";
import { DEFAULT_CERTIFICATE_DAYS } from "../../../certs/limits.ts";
import { DEFAULT_CLIENTS, DEFAULT_CURVE, generateKeys } from "./generate.ts";
import { showKey, showKeyList } from "./show.ts";
import { wholeNumber } from "../../flags/values.ts";

/** Longest validity of a development certificate, in days. gRPC C-core and browsers have no limit, but keys leak. */
const MAX_CERTIFICATE_DAYS = 3650;

/** Maximum number of hosts in one certificate. */
const MAX_CERTIFICATE_HOSTS = 100;

/** Maximum number of SuperNodes for which one command creates keys. */
const MAX_CLIENTS = 10_000;

/** Values of `--curve`. */
const CURVES: Readonly<Record<string, Curve>> = { p256: "P-256", p384: "P-384", p521: "P-521" };

/** Flags of `keys generate`, as commander parses them. */
interface GenerateFlags {
  readonly dir: string;
  readonly curve?: string;
  readonly host: readonly HostName[];
  readonly days?: number;
  readonly force: boolean;
}

const GENERATE_HELP = `
The command writes to these subfolders:
  certificates/  ca.key, ca.crt (the authority), server.key, server.pem (for ${
  LOCAL_HOSTS.map(({ value }) => value).join(", ")
})
  keys/          server_credentials, client_credentials_1 … n, each with .pub, and client_public_keys.csv

It keeps existing files and creates only missing ones. With a larger n, it adds keys and extends the list.

Examples:
  flwr keys generate
  flwr keys generate 5
  flwr keys generate 10 --host superlink.example.org --host 192.0.2.7 --days 90
`;

/** The `keys` command. */
export function command(): Command {
  return new Command("keys")
    .description("Create and show the certificates and key pairs of a federation.")
    .addCommand(generateCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addHelpText("after", "\nExample:\n  flwr keys generate 3\n");
}

function generateCommand(): Command {
  return new Command("generate")
    .description("Create certificates, key pairs and the list of SuperNode public keys.")
    .argument(
      "[n]",
      "number of SuperNodes that need a key",
      wholeNumber({ from: 1, to: MAX_CLIENTS }),
      DEFAULT_CLIENTS,
    )
    .option("--dir <folder>", "folder to write to", ".")
    .addOption(
      new Option(
        "--curve <curve>",
        `curve of the keys (default: the curve of the SuperLink's key, or "${
          curveFlag(DEFAULT_CURVE)
        }")`,
      ).choices(Object.keys(CURVES)),
    )
    .addOption(
      new Option(
        "--host <host>",
        "additional DNS name or IP address for the server's certificate; repeatable",
      )
        .argParser(addHost).default([], "none"),
    )
    .addOption(
      new Option(
        "--days <days>",
        `number of days for which the certificates are valid (default: ${DEFAULT_CERTIFICATE_DAYS})`,
      ).argParser(wholeNumber({ from: 1, to: MAX_CERTIFICATE_DAYS })),
    )
    .option(
      "--force",
      "recreate everything: overwrite existing files, and remove keys beyond n",
      false,
    )
    .addHelpText("after", GENERATE_HELP)
    .action(async (clients: number, { dir, curve, host, days, force }: GenerateFlags) => {
      print(
        await generateKeys({
          folder: dir,
          clients,
          curve: curve === undefined ? undefined : CURVES[curve],
          hosts: host,
          days,
          force,
        }),
      );
    });
}

function listCommand(): Command {
  return new Command("list")
    .description("Show the fingerprints of the keys in a list.")
    .argument("<csv>", "key list, as for --auth-list-public-keys")
    .addHelpText("after", "\nExample:\n  flwr keys list keys/client_public_keys.csv\n")
    .action(async (file: string) => print(await showKeyList(file)));
}

function showCommand(): Command {
  return new Command("show")
    .description("Show the fingerprint and the public key of a key file.")
    .argument("<file>", "a private or public key")
    .addHelpText("after", "\nExample:\n  flwr keys show keys/client_credentials_1\n")
    .action(async (file: string) => print(await showKey(file)));
}

function print(lines: readonly string[]): void {
  for (const line of lines) printLine(line);
}

function curveFlag(curve: Curve): string {
  return Object.keys(CURVES).find((flag) => CURVES[flag] === curve) ?? curve;
}

function addHost(text: string, hosts: readonly HostName[]): HostName[] {
  if (hosts.length >= MAX_CERTIFICATE_HOSTS) {
    throw new InvalidArgumentError(
      `A certificate can have at most ${MAX_CERTIFICATE_HOSTS} hosts.`,
    );
  }
  return [...hosts, parseHost(text)];
}
