import { Command } from "commander";
import { SANDBOX_COMMAND } from "../hosting/sandbox/launch.ts";
import { runSandbox } from "../hosting/sandbox/run_sandbox.ts";

/** The hidden command with which a compiled executable starts the process of a sandboxed app. */
export function command(): Command {
  return new Command(SANDBOX_COMMAND)
    .description("The process of a sandboxed app. SuperNodes and SuperLinks start it.")
    .action(async () => {
      await runSandbox();
    });
}
