import { printMessage } from "../../output/print_line.ts";
import { Command } from "commander";
import { flwrHome } from "../../../fab/home.ts";
import { FlwrError } from "../../../base/error.ts";
import { type FlowerConfig, readFlowerConfig } from "./config_file.ts";
import type { SuperLinkConnection } from "./connection.ts";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";
import { type Screen, stdoutScreen } from "../../output/screen.ts";
import { type TableColumn, tableLines } from "../../output/table.ts";

const EXAMPLE = `
Connections are stored in config.toml, in the folder $FLWR_HOME or ~/.flwr. Python's flwr reads the same file:

  [superlink]
  default = "mine"

  [superlink.mine]
  address = "superlink.example.org:8000"
  root-certificates = "/home/me/certificates/ca.crt"   # absolute; default: the system's CAs
  # insecure = true                                    # instead of root-certificates: no TLS
  # federation = "@account/name"                       # default: the SuperLink's own

For the address ":local:", commands start a SuperLink on this machine that simulates nodes. Python's flwr does the same.

Example:
  flwr config list
`;

/** The `config` command. */
export function command(): Command {
  return new Command("config")
    .description("Show the SuperLinks in config.toml.")
    .addCommand(listCommand())
    .addHelpText("after", EXAMPLE);
}

function listCommand(): Command {
  return new Command("list")
    .alias("ls")
    .description("List the SuperLinks in config.toml.")
    .addOption(formatOption())
    .addHelpText("after", EXAMPLE)
    .action(({ format }: { format: OutputFormat }) => printOutput(format, list));
}

async function list(): Promise<Output> {
  const config = await readFlowerConfig(
    flwrHome(),
    (file) => printMessage(`Note: Created "${file}"`),
  );
  const { file, names, defaultName } = config;
  printMessage(`Connections of "${file}":`);
  const screen = stdoutScreen();
  const rows = names.map((name) => readRow(config, name));
  return {
    json: { superlink: names, default: defaultName ?? null, "config-file": file },
    lines: tableLines(columns(screen), rows, screen),
  };
}

/** A connection of the file, or the error in its table. */
interface Row {
  readonly name: string;
  readonly isDefault: boolean;
  readonly connection?: SuperLinkConnection;
  readonly problem?: string;
}

function readRow(config: FlowerConfig, name: string): Row {
  const isDefault = name === config.defaultName;
  try {
    return { name, isDefault, connection: config.connection(name).connection };
  } catch (error) {
    return { name, isDefault, problem: FlwrError.from(error).message };
  }
}

function columns({ colours }: Screen): TableColumn<Row>[] {
  return [
    { title: "NAME", cell: ({ name, isDefault }) => isDefault ? `${name} (default)` : name },
    {
      title: "ADDRESS",
      cell: ({ connection, problem }) => connection?.address ?? problem ?? "",
      style: ({ problem }) => problem === undefined ? String : colours.bad,
    },
    { title: "TLS", cell: ({ connection }) => connection === undefined ? "" : tls(connection) },
    { title: "FEDERATION", cell: ({ connection }) => connection?.federation ?? "", dropOrder: 1 },
  ];
}

function tls({ insecure, rootCertificates }: SuperLinkConnection): string {
  return insecure ? "none" : rootCertificates ?? "the system's CAs";
}
