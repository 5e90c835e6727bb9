import { Command, Option } from "commander";
import { callSuperLink } from "../config/call_superlink.ts";
import { requireFederationId } from "../config/federation_id.ts";
import { controlCommand, type ControlOutputFlags } from "../config/options.ts";
import { readSimulationSettings, type ScalarValue } from "../config/simulation_settings.ts";
import type { Output } from "../../output/format.ts";
import { readingFlag, UsageError } from "../../flags/values.ts";

const EXAMPLE = `
The settings apply to all later runs. For a single run, use --federation-config of "flwr run".

Examples:
  flwr federation simulation-config --num-supernodes 100
  flwr federation simulation-config @none/default my-superlink --client-resources-num-cpus 2
`;

/** The flags, and the settings that they give. Flower (1.42) has the same, except for the faults at the end. */
const FLAGS: readonly (readonly [flags: string, name: string, purpose: string])[] = [
  ["--num-supernodes <count>", "num-supernodes", "number of simulated nodes"],
  ["--client-resources-num-cpus <count>", "client-resources-num-cpus", "cores of one node"],
  [
    "--client-resources-num-gpus <amount>",
    "client-resources-num-gpus",
    "GPUs of one node, as a fraction; only for Python apps",
  ],
  ["--init-args-num-cpus <count>", "init-args-num-cpus", "cores of all nodes together"],
  [
    "--init-args-num-gpus <count>",
    "init-args-num-gpus",
    "GPUs of all nodes together; only for Python apps",
  ],
  [
    "--init-args-logging-level <level>",
    "init-args-logging-level",
    "a setting of Ray; only for Python apps",
  ],
  [
    "--init-args-log-to-driver <value>",
    "init-args-log-to-driver",
    "a setting of Ray; only for Python apps",
  ],
  ["--backend-name <name>", "backend", "Flower's engine; only for Python apps"],
  ["--dropout <share>", "dropout", "share of messages that nodes do not answer, from 0 to 1"],
  ["--slow <share>", "slow", "share of messages that nodes answer late, from 0 to 1"],
  ["--slow-seconds <seconds>", "slow-seconds", "delay of a late answer in seconds"],
  [
    "--lie <share>",
    "lie",
    "share of messages that nodes answer with falsified arrays, from 0 to 1",
  ],
];

interface SimulationFlags extends ControlOutputFlags {
  readonly verbose?: boolean;
  readonly [flag: string]: unknown;
}

/** The `federation simulation-config` command. */
export function simulationConfigCommand(): Command {
  const command = new Command("simulation-config")
    .description("Change how a SuperLink with --simulation simulates nodes.")
    .argument("[federation]", "the federation, @account/name (default: the SuperLink's own)");
  for (const [flags, , purpose] of FLAGS) command.option(flags, `${purpose} (default: unchanged)`);
  command.addOption(
    new Option("--verbose", "a setting of Flower; only for Python apps (default: unchanged)"),
  );
  return controlCommand(command, EXAMPLE, configure);
}

async function configure(
  federation: string | undefined,
  superlink: string | undefined,
  flags: SimulationFlags,
): Promise<Output> {
  if (federation !== undefined) readingFlag(() => requireFederationId(federation, "FEDERATION"));
  const given = FLAGS.flatMap(([flag, name]) => {
    const text = flags[new Option(flag).attributeName()];
    return typeof text === "string" ? [[name, scalarOf(text)] as const] : [];
  });
  const values = { ...Object.fromEntries(given), ...(flags.verbose && { verbose: true }) };
  if (Object.keys(values).length === 0) {
    throw new UsageError("invalid-argument", "No setting was given", {
      hints: ["For example: flwr federation simulation-config --num-supernodes 100"],
    });
  }
  const changes = readingFlag(() => readSimulationSettings(values, "simulation-config"));
  const id = await callSuperLink(
    superlink,
    flags,
    (control) => control.configureSimulation(federation ?? "", changes),
  );
  return {
    json: { success: true, "federation-id": id },
    lines: [`Configured the simulation of ${id}`],
  };
}

function scalarOf(text: string): ScalarValue {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  if (/^\d*\.?\d+$/.test(text)) return Number(text);
  return text === "true" ? true : text === "false" ? false : text;
}
