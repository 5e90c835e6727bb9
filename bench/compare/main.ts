/**
 * Compares this version with an earlier one: both are measured in turns, the earlier one from a worktree of git in a
 * temporary folder.
 *
 *     deno task bench --compare [REV] [--quick] [--repeat 3] [--record [VERSION]]
 *
 * Without REV it is the last tag, or the newest release of bench/history/releases.json. `--quick` is
 * one turn of each side, less than two minutes; `--record` notes the numbers in bench/history, under the version in
 * deno.json or another name.
 */
import { join } from "node:path";
import { Argument, Command, Option } from "commander";
import { reportError } from "../../roles/report_error.ts";
import { makeCredentials } from "../../tests/support/credentials.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { installedFlwr } from "../flower/installed.ts";
import { describeMachine } from "../support/machine.ts";
import { repeatOption } from "../support/options.ts";
import { median } from "../support/statistics.ts";
import { formatTable } from "../support/table.ts";
import { takeTurns } from "../support/turns.ts";
import { formatValue } from "../support/unit.ts";
import { type BaseRevision, baseRevision, versionOf } from "./base_revision.ts";
import { git } from "./git.ts";
import { historyLines, withHistory } from "./history.ts";
import { measureVersion, warmUp } from "./measure_version.ts";
import { type Compared, compareMeasured, worse } from "./measured.ts";
import { SourceTree } from "./source_tree.ts";

const HISTORY = "bench/history/measures.jsonl";

const WHOLE = { rounds: 100, calls: 2500, epochs: 3 } as const;
const QUICK = { rounds: 15, calls: 500, epochs: 1 } as const;

interface CompareFlags {
  readonly quick?: boolean;
  readonly repeat: number;
  readonly record?: boolean | string;
}

async function compare(asked: string | undefined, flags: CompareFlags): Promise<void> {
  const base = await baseRevision(asked);
  if (base === undefined) {
    console.log("There is nothing to compare with: this copy has no tag and no release before it");
    return;
  }
  const machine = describeMachine();
  console.log(`This version against ${base.name} (${base.commit.slice(0, 8)}); ${machine}`);
  await using tree = await SourceTree.checkOut(base);
  await using folder = await TempDir.make();
  const credentials = await makeCredentials(folder.path);
  const root = repositoryPath("");
  const versions = [
    { root: tree.path, command: await installedFlwr(tree.path, join(folder.path, "before")) },
    { root, command: await installedFlwr(root, join(folder.path, "now")) },
  ];
  const { repeat, ...sizes } = flags.quick
    ? { repeat: 1, ...QUICK }
    : { repeat: flags.repeat, ...WHOLE };
  for (const { command } of versions) await warmUp(command, credentials);
  const turns = await takeTurns(
    versions,
    repeat,
    ({ root, command }) => measureVersion(root, command, { credentials, ...sizes }),
  );
  const compared = compareMeasured(turns.map(([before, now]) => [before!, now!]));
  show(base, compared);
  if (flags.record) await record(base, compared, machine, flags.record);
}

function show(base: BaseRevision, compared: readonly Compared[]): void {
  const rows = compared.map(({ measure, unit, before, now, ratio }) => [
    measure,
    formatValue(median(before), unit),
    formatValue(median(now), unit),
    formatValue(ratio, "×"),
  ]);
  const lines = formatTable(["", base.name, "now", "better by"], rows);
  console.log(["", ...lines, ""].join("\n"));
  const found = worse(compared);
  for (const { measure, ratio } of found) {
    console.log(`Worse than ${base.name}: ${measure}, ${formatValue(1 / ratio, "×")} as much`);
  }
  if (found.length === 0) console.log("Nothing is worse by more than 10 %");
}

async function record(
  base: BaseRevision,
  compared: readonly Compared[],
  machine: string,
  name: string | true,
): Promise<void> {
  const path = repositoryPath(HISTORY);
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  const named = versionOf(await Deno.readTextFile(repositoryPath("deno.json"))) ?? "unknown";
  const version = name === true ? named : name;
  const commit = (await git("rev-parse", "HEAD")).slice(0, 8);
  const head = { version, commit, against: base.name, machine };
  await Deno.writeTextFile(path, withHistory(text, historyLines(head, compared)));
}

try {
  await new Command("--compare")
    .description("Measure this version and an earlier one in turns.")
    .addArgument(new Argument("[rev]", "the earlier version, as git names it"))
    .addOption(new Option("--quick", "one turn of each, with less of everything"))
    .addOption(repeatOption(3))
    .addOption(new Option("--record [version]", `note the numbers in ${HISTORY}`))
    .exitOverride()
    .action(compare)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
