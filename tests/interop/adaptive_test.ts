/**
 * Flower's adaptive strategies with a network of ours at the node: they send float64 for a float32 model from their second
 * round on.
 */
import assert from "node:assert/strict";
import { flowerScenario } from "./python_scenario.ts";
import { serverAppResult } from "./server_app_result.ts";

/** What the ServerApp saw of one strategy. */
interface Seen {
  /** The dtypes that it sent, round by round. */
  readonly sent: string[][];
  /** Those of each reply, round by round. */
  readonly got: string[][][];
  readonly losses: number[];
}

flowerScenario(
  "flwr 1.41: FedAdam and QFedAvg train a network of ours over three rounds",
  async (stage, flowerOf) => {
    const { python } = await flowerOf("1.41.0");
    const apps = { server: "adaptive", client: "adaptive_client" };
    const seen: Record<string, Seen> = await serverAppResult(
      stage,
      python,
      apps,
      120,
      "num-rounds=3",
    );
    for (const strategy of ["FedAdam", "QFedAvg"]) {
      const { sent, got, losses } = seen[strategy]!;
      assert.deepEqual(sent, [["float32"], ["float64"], ["float64"]], strategy);
      // As from PyTorch: load_state_dict rounds, state_dict gives what the network has.
      assert.deepEqual(got, Array(3).fill([["float32"]]), strategy);
      assert.equal(losses.length, 3, strategy);
      assert.ok(losses[2]! < losses[0]!, `${strategy} learns: ${losses}`);
    }
  },
  { seconds: 240 },
);
