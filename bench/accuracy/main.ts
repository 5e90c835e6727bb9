/**
 * What is learned, not how fast: the example's network on all of CIFAR-10 for several epochs, from several seeds, here
 * and in PyTorch 2.13.0. The sides draw their first parameters and their orders of images each for itself.
 *
 *     deno task bench accuracy [--seeds 3] [--epochs 5] [--threads 2] [--python PATH]
 */
import { Command, Option } from "commander";
import { FlwrError } from "../../base/error.ts";
import { reportError } from "../../roles/report_error.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { cifar10Arrays } from "../support/cifar10_arrays.ts";
import type { Side } from "../support/comparison.ts";
import { describeMachine } from "../support/machine.ts";
import { pythonOption, wholeNumber } from "../support/options.ts";
import { benchPython } from "../support/python_environment.ts";
import { formatTable } from "../support/table.ts";
import { spreadOf, standardErrors } from "./spread.ts";

interface Options {
  seeds: number;
  epochs: number;
  threads: number;
  python?: string;
}

/** Trains one side from one seed. @returns the share of test images told right after each epoch */
async function train(side: Side, seed: number, options: Options): Promise<number[]> {
  const numbers = [seed, options.epochs, options.threads].map(String);
  const [command, args] = side === "flwr"
    ? [Deno.execPath(), ["run", "-A", repositoryPath("bench/accuracy/flwr_peer.ts"), ...numbers]]
    : [
      await benchPython(options.python),
      [repositoryPath("bench/accuracy/torch_peer.py"), await cifar10Arrays(), ...numbers],
    ];
  const { success, stdout } = await new Deno.Command(command, { args, stderr: "inherit" }).output();
  const shares = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  if (success && shares.length === options.epochs) return shares;
  throw new FlwrError("internal", `The ${side} process ended: it should train`);
}

async function bench(options: Options): Promise<void> {
  const { seeds, epochs, threads } = options;
  console.log(describeMachine());
  const shares: Record<Side, number[][]> = { flwr: [], python: [] };
  for (let seed = 1; seed <= seeds; seed++) {
    for (const side of ["flwr", "python"] as const) {
      const ofSeed = await train(side, seed, options);
      shares[side].push(ofSeed);
      console.log(JSON.stringify({ bench: "accuracy", side, seed, threads, accuracy: ofSeed }));
    }
  }
  const rows = Array.from({ length: epochs }, (_, epoch) => {
    const [flwr, python] = [shares.flwr, shares.python].map((side) =>
      spreadOf(side.map((ofSeed) => ofSeed[epoch]!))
    ) as [ReturnType<typeof spreadOf>, ReturnType<typeof spreadOf>];
    const cells = [flwr, python].map(({ mean, deviation }) =>
      `${mean.toFixed(4)} ± ${deviation.toFixed(4)}`
    );
    return [`after epoch ${epoch + 1}`, ...cells, standardErrors(flwr, python).toFixed(1)];
  });
  const head = ["accuracy on test images", "flwr", "PyTorch", "difference in standard errors"];
  console.log(["", ...formatTable(head, rows)].join("\n"));
}

try {
  const count = (flag: string, what: string, value: number, least: number) =>
    new Option(flag, what).argParser(wholeNumber(least)).default(value);
  await new Command("accuracy")
    .description("Compare what is learned from CIFAR-10 with what PyTorch 2.13.0 learns.")
    .addOption(count("--seeds <n>", "trainings of each side", 3, 2))
    .addOption(count("--epochs <n>", "passes over all training images", 5, 1))
    .addOption(count("--threads <n>", "threads of each side", 2, 1))
    .addOption(pythonOption())
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
