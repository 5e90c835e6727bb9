/**
 * Runs a complete federation in one command: keys in a temporary folder, the data, a SuperLink with TLS and
 * authentication, SuperNodes, a ServerApp. Everything is stopped and removed at the end, also on Ctrl-C.
 *
 *     deno task demo [--clients 2] [--rounds 3] [--images N] [--data-dir DIR]
 */
import { Command, InvalidArgumentError, Option } from "commander";
import { onShutdown } from "../roles/flags/shutdown.ts";
import { reportError } from "../roles/report_error.ts";
import { type DemoOptions, runDemo } from "./demo/run_demo.ts";

function atLeast(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && Number.isSafeInteger(value)) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${minimum} or more.`);
  };
}

const command = new Command("demo")
  .description("Train the example's CNN on CIFAR-10 with federated learning, on this machine.")
  .addOption(
    new Option("--clients <n>", "SuperNodes to start").argParser(atLeast(1)).default(2),
  )
  .addOption(new Option("--rounds <n>", "rounds to train").argParser(atLeast(1)).default(3))
  .addOption(
    new Option(
      "--images <n>",
      "use only the first n training images, and a fifth as many test images (default: all)",
    ).argParser(atLeast(32)),
  )
  .option("--data-dir <folder>", "folder with CIFAR-10 (default: downloaded once)")
  .exitOverride()
  .action(async (options: DemoOptions) => {
    using shutdown = onShutdown();
    await runDemo(options, shutdown.signal);
  });

try {
  await command.parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
