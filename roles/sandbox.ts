import { Command } from "commander";
import { runSandbox } from "../hosting/sandbox/process/run_sandbox.ts";

/** The hidden command with which a compiled executable starts the process of a sandboxed app. */
export function command(name: string): Command {
  return new Command(name)
    .description("The process of a sandboxed app. SuperNodes and SuperLinks start it.")
    .action(async () => {
      await runSandbox();
    });
}
