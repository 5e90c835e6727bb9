/**
 * The processor time of a step of training or evaluation, without messages between threads. It depends less on other
 * programs of the machine than time by the clock, and its least less than its median. Compare two versions in turns.
 *
 *     deno run -A bench/ml/step.ts NETWORK [--evaluate | --private] [--batch 10] [--steps 5] [--runs 200]
 */
import { cpuUsage } from "node:process";
import { Option } from "commander";
import { reportError } from "../../roles/report_error.ts";
import { wholeNumber } from "../support/options.ts";
import { median } from "../support/statistics.ts";
import { describeStep, openProgram, stepCommand, type StepFlags } from "./open_program.ts";

/** Runs before those that count. */
const WARM_UP = 5;

async function step(name: string, flags: StepFlags & { readonly runs: number }): Promise<void> {
  const { session, feeds } = await openProgram(name, flags);
  for (let i = 0; i < WARM_UP; i++) await session.run(feeds);
  const times: number[] = [];
  for (let i = 0; i < flags.runs; i++) {
    const before = cpuUsage();
    await session.run(feeds);
    const { user, system } = cpuUsage(before);
    times.push((user + system) / flags.steps);
  }
  await session.release();
  const shown = [Math.min(...times), median(times)].map((time) => time.toFixed(0));
  console.log(
    `${describeStep(name, flags)}: µs of processor time per step: least ${shown[0]}, median ${
      shown[1]
    }`,
  );
}

try {
  await stepCommand("step", "Measure the processor time of a step of training or evaluation.")
    .addOption(new Option("--runs <n>", "runs to measure").argParser(wholeNumber(1)).default(200))
    .action(step)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
