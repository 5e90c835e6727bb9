/**
 * Large models and many SuperNodes on one SuperLink, against the real Flower 1.41.0, with TLS and node authentication.
 * Nodes are simulated; the program that does it is the same for both sides.
 *
 *     deno task bench scale [--only model] [--repeat 3] [--megabytes 100] [--nodes 2,5,10] [--store database,postgres,folder,s3]
 *     deno task bench scale [--only memory] [--megabytes 100] [--held 64] [--nodes 2,10,50]
 *     deno task bench scale [--only fleet] [--minutes 10] [--fleets 300,1000,3000] [--sides flwr,python]
 *     deno task bench scale --only shared [--minutes 10] [--fleets 1000,10000] [--superlinks 2]
 *
 * The last needs PostgreSQL instead of the real Flower.
 */
import { Command, Option } from "commander";
import type { Curve } from "../../auth/curve.ts";
import { reportError } from "../../roles/report_error.ts";
import { makeCredentials } from "../../tests/support/credentials.ts";
import { findPostgres, NO_POSTGRES } from "../../tests/support/postgres.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { flwrSide } from "../flower/flwr_side.ts";
import { installedFlwr } from "../flower/installed.ts";
import { pythonSide } from "../flower/python_side.ts";
import { describeMachine } from "../support/machine.ts";
import { oneOrMoreOf, repeatOption, wholeNumber, wholeNumbers } from "../support/options.ts";
import { printComparisons } from "../support/print_comparisons.ts";
import { benchFlower } from "../support/python_environment.ts";
import { fleetLines, fleetTable, IN_TIME_GOAL } from "./fleet_table.ts";
import { measureFleets } from "./fleets.ts";
import { measureModel, MODEL_STORES, type ModelStore } from "./model.ts";
import { sharedFleetLines, sharedFleetTable } from "./shared_fleet_table.ts";
import { measureSharedFleets } from "./shared_fleets.ts";
import { measureServerAppMemory } from "./server_app_memory.ts";

const PARTS = ["model", "memory", "fleet", "shared"] as const;
/** Parts that need nothing of the real Flower. */
const OURS: readonly string[] = ["memory", "shared"];
const SIDES = ["flwr", "python"] as const;

interface ScaleFlags {
  repeat: number;
  only: readonly (typeof PARTS[number])[];
  megabytes: number;
  held: number;
  nodes: readonly number[];
  store: readonly ModelStore[];
  minutes: number;
  fleets: readonly number[];
  sides: readonly (typeof SIDES[number])[];
  curve: Curve;
  superlinks: number;
}

async function bench(flags: ScaleFlags): Promise<void> {
  const { repeat, only, megabytes, nodes } = flags;
  const ours = flwrSide({ flwr: await installedFlwr() });
  await using folder = await TempDir.make();
  const credentials = await makeCredentials(folder.path, 1);
  console.log(describeMachine());
  if (only.includes("memory")) {
    const options = { credentials, nodes, megabytes, heldMegabytes: flags.held };
    const table = await measureServerAppMemory(ours, options);
    const title = `A ServerApp's memory, a model of ${megabytes} MB, at most ${flags.held} MB held`;
    console.log(["", title, "", ...table].join("\n"));
  }
  if (only.includes("shared") && findPostgres() === undefined) console.error(NO_POSTGRES);
  else if (only.includes("shared")) {
    const { fleets, minutes, superlinks: superLinks } = flags;
    const options = { credentials, fleets, seconds: minutes * 60, superLinks };
    const facts = await measureSharedFleets(ours, options);
    const title =
      `Fleets for ${minutes} minutes each on ${superLinks} SuperLinks with one PostgreSQL, ` +
      `P-256; goal: ${100 * IN_TIME_GOAL} % of heartbeats in time`;
    console.log(
      ["", title, "", ...sharedFleetTable(facts), "", ...sharedFleetLines(facts)].join("\n"),
    );
  }
  if (only.every((part) => OURS.includes(part))) return;
  const theirs = pythonSide(await benchFlower());
  if (only.includes("model")) {
    for (const store of flags.store) {
      const options = { credentials, repeat, nodes, megabytes, store };
      printComparisons(
        "scale",
        `A large model, ${repeat} turns of each side, against Flower 1.41.0`,
        await measureModel([ours, theirs], options),
      );
    }
  }
  if (only.includes("fleet")) {
    const sides = [ours, theirs].filter(({ side }) => flags.sides.includes(side));
    const facts = await measureFleets(sides, {
      credentials,
      fleets: flags.fleets,
      seconds: flags.minutes * 60,
      curve: flags.curve,
    });
    const title =
      `Fleets for ${flags.minutes} minutes each, ${flags.curve}, against Flower 1.41.0; goal: ` +
      `${100 * IN_TIME_GOAL} % of heartbeats in time`;
    console.log(["", title, "", ...fleetTable(facts), "", ...fleetLines(facts)].join("\n"));
  }
}

try {
  await new Command("scale")
    .description("Measure large models and many SuperNodes against the real Flower 1.41.0.")
    .addOption(repeatOption(3))
    .addOption(
      new Option("--only <parts>", `some of ${PARTS.join(",")}`).argParser(oneOrMoreOf(PARTS))
        .default(PARTS, PARTS.join(",")),
    )
    .addOption(
      new Option("--megabytes <n>", "of the model").argParser(wholeNumber(1)).default(100),
    )
    .addOption(
      new Option("--held <megabytes>", "of replies that a ServerApp holds together")
        .argParser(wholeNumber(0)).default(64),
    )
    .addOption(
      new Option("--nodes <numbers>", "nodes that the model goes to").argParser(wholeNumbers(1))
        .default([2, 5, 10], "2,5,10"),
    )
    .addOption(
      new Option("--store <stores>", `some of ${MODEL_STORES.join(",")}`)
        .argParser(oneOrMoreOf(MODEL_STORES)).default(["database", "memory"], "database,memory"),
    )
    .addOption(
      new Option("--minutes <n>", "how long a fleet is there").argParser(wholeNumber(1))
        .default(10),
    )
    .addOption(
      new Option("--fleets <numbers>", "sizes of the fleets").argParser(wholeNumbers(1))
        .default([300, 1000, 3000], "300,1000,3000"),
    )
    .addOption(
      new Option("--sides <sides>", `whose SuperLink has a fleet: ${SIDES.join(",")}`)
        .argParser(oneOrMoreOf(SIDES)).default(SIDES, SIDES.join(",")),
    )
    .addOption(
      new Option("--curve <curve>", "of the fleets' keys; Flower's nodes make P-384")
        .choices(["P-256", "P-384"]).default("P-384"),
    )
    .addOption(
      new Option("--superlinks <n>", "that share a database").argParser(wholeNumber(1)).default(2),
    )
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
