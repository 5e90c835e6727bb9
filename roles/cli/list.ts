import { Command, Option } from "commander";
import { NodeLabels } from "../../base/node_labels.ts";
import type { RunId } from "../../entities/metadata.ts";
import { sharesOf } from "../../entities/run_shares.ts";
import { withMissingNodes } from "./log/incomplete_run.ts";
import { callSuperLink } from "./config/call_superlink.ts";
import { controlCommand, type ControlOutputFlags } from "./config/options.ts";
import type { Output } from "../output/format.ts";
import { readCount, readId } from "../flags/values.ts";
import { shareLines, sharesJson } from "./tables/node_shares.ts";
import { runColumns, runDetails, runJson, showRun } from "./tables/runs.ts";
import { stdoutScreen } from "../output/screen.ts";
import { tableLines } from "../output/table.ts";

const EXAMPLE = `
Examples:
  flwr list
  flwr ls my-superlink --limit 5
  flwr ls --run-id 15950113740962349189 --format json
`;

interface ListFlags extends ControlOutputFlags {
  readonly runId?: RunId;
  readonly limit?: number;
}

/** The `list` command. */
export function command(): Command {
  const command = new Command("list")
    .description("List a SuperLink's runs, newest first, or show one in detail.")
    .addOption(
      new Option("--run-id <id>", "show this run in detail (default: list all runs)")
        .argParser(readId).conflicts("limit"),
    )
    .addOption(
      new Option(
        "--limit <n>",
        "maximum number of runs to list (default: the SuperLink decides, usually 20)",
      )
        .argParser(readCount),
    );
  return controlCommand(command, EXAMPLE, list);
}

async function list(superlink: string | undefined, flags: ListFlags): Promise<Output> {
  const { runId, limit } = flags;
  const screen = stdoutScreen();
  if (runId !== undefined) {
    const { run, now, records, nodes } = await callSuperLink(superlink, flags, async (control) => {
      const found = await control.getRun(runId);
      // What nodes contributed is an extra, which SuperLinks of Flower refuse in several ways.
      const records = await control.runEvents(runId).catch(() => undefined);
      const nodes = records === undefined ? [] : (await control.listNodes()).items;
      return { ...found, run: await withMissingNodes(control, found.run), records, nodes };
    });
    const shown = showRun(run, now);
    const shares = sharesOf(records ?? []);
    const labels = new NodeLabels();
    for (const { nodeId, name } of nodes) labels.set(nodeId, name);
    return {
      json: { runs: [{ ...runJson(shown), nodes: records && sharesJson(shares, labels) }] },
      lines: [...runDetails(shown, screen), ...shareLines(shares, labels, screen)],
    };
  }
  const { items, now } = await callSuperLink(
    superlink,
    flags,
    (control) => control.listRuns({ limit }),
  );
  const shown = items.map((run) => showRun(run, now));
  return {
    json: { runs: shown.map(runJson) },
    lines: tableLines(runColumns(screen), shown, screen),
  };
}
