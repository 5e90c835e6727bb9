import { Command } from "commander";
import type { RunId } from "../../entities/metadata.ts";
import { callSuperLink } from "./config/call_superlink.ts";
import { controlCommand, type ControlOutputFlags } from "./config/options.ts";
import type { Output } from "../output/format.ts";
import { readId } from "../flags/values.ts";

const EXAMPLE = `
Example:
  flwr stop 15950113740962349189
`;

/** The `stop` command. */
export function command(): Command {
  const command = new Command("stop")
    .description(
      "Stop a run. The SuperLink ends the run's ServerApp and removes the run's messages.",
    )
    .argument("<run-id>", "the run's id", readId);
  return controlCommand(command, EXAMPLE, stop);
}

async function stop(
  runId: RunId,
  superlink: string | undefined,
  flags: ControlOutputFlags,
): Promise<Output> {
  await callSuperLink(superlink, flags, (control) => control.stopRun(runId));
  return { json: { "run-id": String(runId) }, lines: [`Stopped run ${runId}`] };
}
