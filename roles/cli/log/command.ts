import { Command, Option } from "commander";
import type { RunId } from "../../../entities/metadata.ts";
import { callSuperLink } from "../config/call_superlink.ts";
import { addSuperLinkArgument, type ControlFlags } from "../config/options.ts";
import { followLog, showLog } from "./follow.ts";
import { runState, shownRun } from "./run_state.ts";
import { readId } from "../../flags/values.ts";
import { printMessage } from "../../output/print_line.ts";
import { stdoutScreen } from "../../output/screen.ts";
import { onShutdown } from "../../flags/shutdown.ts";

const EXAMPLE = `
The log goes to stdout. Ctrl-C stops following the log; the run continues.

Examples:
  flwr log 15950113740962349189
  flwr log 15950113740962349189 my-superlink --show
`;

interface LogFlags extends ControlFlags {
  readonly show: boolean;
}

/** The `log` command. */
export function command(): Command {
  const command = new Command("log")
    .description("Show a run's log and, unless --show is given, follow it until the run ends.")
    .argument("<run-id>", "the run's id", readId)
    .addOption(
      new Option("--stream", "follow the log until the run ends (default: on, unless --show)")
        .conflicts("show"),
    )
    .option("--show", "print the log so far and exit", false);
  return addSuperLinkArgument(command)
    .addHelpText("after", EXAMPLE)
    .action(async (runId: RunId, superlink: string | undefined, flags: LogFlags) => {
      const sink = { stream: Deno.stdout, colours: stdoutScreen().colours.enabled };
      await callSuperLink(superlink, flags, async (control) => {
        // This call fails at once for an unknown run or SuperLink. A log stream would retry for a while.
        const { now } = await control.getRun(runId);
        using shutdown = onShutdown();
        const followed = flags.show
          ? await showLog(control, runId, sink, shutdown.signal, now)
          : await followLog(control, runId, sink, shutdown.signal);
        if (followed === "interrupted") printMessage(`Run ${runId} is still running`);
        if (followed === "ended") printMessage(runState(await shownRun(control, runId)));
      });
    });
}
