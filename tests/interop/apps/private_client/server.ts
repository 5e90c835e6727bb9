/** ServerApps with client-side clipping, without noise so that the numbers are known. They refuse what is not clipped. */
import {
  ArrayRecord,
  type CentralDp,
  DifferentialPrivacyClientSideAdaptiveClipping,
  DifferentialPrivacyClientSideFixedClipping,
  FedAvg,
  type Grid,
  ServerApp,
  tensor,
} from "flwr";

const options = { noiseMultiplier: 0, numSampledClients: 2, unclippedUpdates: "refuse" } as const;
const inner = () => new FedAvg({ fractionEvaluate: 0 });

async function train(grid: Grid, strategy: CentralDp): Promise<void> {
  const initialArrays = ArrayRecord.fromTensors({
    w: tensor("float32", [2], Float32Array.of(1, 2)),
  });
  const { arrays, rounds } = await strategy.start(grid, { initialArrays, numRounds: 2 });
  const report = {
    w: [...arrays.tensors().get("w")!.data].map(Number),
    failures: rounds.flatMap(({ train }) => train!.failures.map(({ reason }) => reason)),
    results: rounds.map(({ train }) => train!.results.length),
    norm: strategy.clippingNorm,
  };
  console.log(`REPORT ${JSON.stringify(report)}`);
}

export const fixed = new ServerApp().main((grid) =>
  train(
    grid,
    new DifferentialPrivacyClientSideFixedClipping(inner(), { ...options, clippingNorm: 0.5 }),
  )
);

export const adaptive = new ServerApp().main((grid) =>
  train(
    grid,
    new DifferentialPrivacyClientSideAdaptiveClipping(inner(), {
      ...options,
      initialClippingNorm: 7,
    }),
  )
);
