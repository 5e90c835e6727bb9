import { Command } from "commander";
import type { FederationSummary } from "../../../rpc/dialects/current/client/control_summaries.ts";
import { callSuperLink } from "../config/call_superlink.ts";
import { requireFederationId } from "../config/federation_id.ts";
import { controlCommand, type ControlOutputFlags } from "../config/options.ts";
import { statusStyle } from "../../output/colours.ts";
import type { Output } from "../../output/format.ts";
import { type Screen, stdoutScreen } from "../../output/screen.ts";
import { type TableColumn, tableLines } from "../../output/table.ts";
import { federationJson, federationLines } from "./show.ts";

const EXAMPLE = `
Examples:
  flwr federation list
  flwr federation ls my-superlink --federation @none/default
`;

interface ListFlags extends ControlOutputFlags {
  readonly federation?: string;
  readonly verbose: boolean;
}

/** The `federation list` command. */
export function listCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("List a SuperLink's federations, or show one in detail.")
    .option(
      "--federation <id>",
      "show this federation's members, nodes and runs (default: list all)",
    )
    .option(
      "--verbose",
      "also list archived federations; --format json always includes them",
      false,
    );
  return controlCommand(command, EXAMPLE, list);
}

async function list(superlink: string | undefined, flags: ListFlags): Promise<Output> {
  const { federation: id, verbose } = flags;
  if (id !== undefined) requireFederationId(id, "--federation");
  const screen = stdoutScreen();
  if (id !== undefined) {
    const shown = await callSuperLink(superlink, flags, (control) => control.showFederation(id));
    return { json: federationJson(shown), lines: federationLines(shown, screen) };
  }
  const federations = await callSuperLink(superlink, flags, (control) => control.listFederations());
  const rows = federations.filter(({ archived }) => verbose || !archived);
  return {
    json: { federations: federations.map(summaryJson) },
    lines: tableLines(columns(screen), rows, screen),
  };
}

function summaryJson({ name, description, archived, simulation }: FederationSummary) {
  return { id: name, description, archived, simulation };
}

function columns({ colours }: Screen): TableColumn<FederationSummary>[] {
  const status = ({ archived }: FederationSummary) => archived ? "archived" : "active";
  return [
    { title: "FEDERATION", cell: ({ name }) => name },
    { title: "RUNTIME", cell: ({ simulation }) => simulation ? "simulation" : "deployment" },
    { title: "STATUS", cell: status, style: (row) => statusStyle(status(row), colours) },
    { title: "DESCRIPTION", cell: ({ description }) => description, dropOrder: 1 },
  ];
}
