import { Command } from "commander";
import { SANDBOX_COMMAND } from "../hosting/sandbox/launch.ts";
import { runSandbox } from "../hosting/sandbox/process/run_sandbox.ts";

/** The command that an executable starts itself with for a sandboxed app; nobody types it. */
export function command(): Command {
  return new Command(SANDBOX_COMMAND)
    .description("The process of a sandboxed app, which a SuperNode starts and speaks with.")
    .action(async () => {
      await runSandbox();
    });
}
