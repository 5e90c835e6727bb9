import { Command } from "commander";
import { runSandbox } from "../hosting/sandbox/process/run_sandbox.ts";

/** The command that an executable starts itself with for a sandboxed app; nobody types it. */
export function command(name: string): Command {
  return new Command(name)
    .description("The process of a sandboxed app, which a SuperNode starts and speaks with.")
    .action(async () => {
      await runSandbox();
    });
}
