/**
 * The ServerApp of the interoperation tests. The run's configuration: `result` is the JSON file to write,
 * `num-rounds` how many rounds there are (default 3), `initial` is "given", "large" (a model above gRPC's usual limit),
 * or "client" to ask a node for the start. It prints "Configuring round 1" when that round begins.
 */
import { FedAvg, ServerApp } from "flwr";
import { initial, shown } from "./arithmetic.ts";

const settings = (round: number) => ({ round, scale: 0.9 });

export const app = new ServerApp().main(async (grid, { runConfig }) => {
  const start = runConfig.string("initial", "given");
  const result = await new FedAvg().start(grid, {
    numRounds: runConfig.number("num-rounds", 3),
    initialArrays: start === "client" ? undefined : initial(start === "large"),
    trainConfig: (round) => {
      console.log(`Configuring round ${round}`);
      return settings(round);
    },
    evaluateConfig: settings,
  });
  const rounds = result.rounds.map(({ round, train, evaluate }) => ({
    round,
    results: train?.results.length,
    train: { mean: train?.metrics?.number("mean") },
    loss: evaluate?.metrics?.number("loss"),
    evaluate: { double: evaluate?.metrics?.number("double") },
  }));
  const report = JSON.stringify({ weights: shown(result.arrays), rounds });
  await Deno.writeTextFile(runConfig.string("result"), report);
});
