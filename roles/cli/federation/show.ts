import type { SimulationSettings } from "../../../entities/simulation.ts";
import { simulationSettingsJson } from "../config/simulation_settings.ts";
import type { FederationSummary } from "../../../rpc/dialects/current/client/control_summaries.ts";
import { nodeColumns } from "../tables/nodes.ts";
import { appText, runColumns, showRun } from "../tables/runs.ts";
import type { Screen } from "../../output/screen.ts";
import { tableLines } from "../../output/table.ts";

/** A federation at some time. */
export interface ShownFederation {
  readonly federation: FederationSummary;
  /** The SuperLink's time: Unix seconds. */
  readonly now: number;
}

/** The JSON of `flwr federation list --federation ID`, with Flower's own field names. */
export function federationJson({ federation, now }: ShownFederation): Record<string, unknown> {
  const { members, nodes, runs, archived, simulation, settings } = federation;
  return {
    federation: {
      members: members.map(({ name, role }) => ({ member_id: name, role })),
      nodes: nodes.map(({ nodeId, owner, status }) => ({
        node_id: String(nodeId),
        owner,
        ...(!archived && { status }),
      })),
      runs: runs.map((run) => {
        const { status, elapsed } = showRun(run, now);
        return { run_id: String(run.runId), app: appText(run), status, elapsed };
      }),
      archived,
      simulation,
      "simulation-config": simulation ? simulationSettingsJson(settings ?? {}) : null,
    },
  };
}

/** Tables of a federation's members, nodes and runs. */
export function federationLines({ federation, now }: ShownFederation, screen: Screen): string[] {
  const { name, description, members, nodes, runs, archived, simulation, settings } = federation;
  const heading = screen.colours.heading;
  const joined = nodes.filter(({ status }) => status !== "unregistered");
  return [
    `${heading(name)}${archived ? " (archived)" : ""}  ${description}`,
    "",
    ...tableLines(
      [
        { title: "MEMBER", cell: (member) => member.name },
        { title: "ROLE", cell: (member) => member.role },
      ],
      members,
      screen,
    ),
    "",
    ...(simulation
      ? settingLines(settings ?? {}, screen)
      : tableLines(nodeColumns(screen, now), joined, screen)),
    "",
    ...tableLines(runColumns(screen), runs.map((run) => showRun(run, now)), screen),
  ];
}

/** The settings of a simulation. */
function settingLines(settings: SimulationSettings, screen: Screen): string[] {
  const shown = simulationSettingsJson(settings);
  const rows = Object.entries(shown).filter(([, value]) => value !== null);
  return tableLines(
    [
      { title: "SIMULATION", cell: ([name]) => name },
      { title: "VALUE", cell: ([, value]) => String(value) },
    ],
    rows,
    screen,
  );
}
