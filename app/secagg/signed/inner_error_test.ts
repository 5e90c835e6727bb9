/** Errors of a strategy inside secure aggregation end the run, as they do without it. */
import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { FedAvg } from "../../strategy/fedavg.ts";
import type { Strategy, TrainOutcome } from "../../strategy/strategy.ts";
import { SecAggPlus } from "../secaggplus.ts";
import { secAggPlusMod } from "../secaggplus_mod.ts";
import { Federation, nodeIds } from "../testing/federation.ts";
import { SecureAggregation } from "./secure_aggregation.ts";
import { secureAggregationMod } from "./secure_aggregation_mod.ts";
import { trustedIdentities } from "./testing/identities.ts";

/** Fails after its first round, although it got the replies. */
class Failing extends FedAvg {
  constructor() {
    super({ fractionEvaluate: 0, minTrainNodes: 3 });
  }
  override get usesMeanOnly(): boolean {
    return true;
  }
  override aggregateTrain(...given: Parameters<FedAvg["aggregateTrain"]>): TrainOutcome {
    if (given[0].number === 1) return super.aggregateTrain(...given);
    throw new FlwrError("failed-precondition", "The inner strategy cannot go on");
  }
}

const WRAPPERS = {
  SecAggPlus: [(inner: Strategy) => new SecAggPlus(inner, { maxWeight: 100 }), secAggPlusMod],
  SecureAggregation: [
    (inner: Strategy) => new SecureAggregation(inner, { maxWeight: 100 }),
    secureAggregationMod,
  ],
} as const;

for (const [name, [wrap, mod]] of Object.entries(WRAPPERS)) {
  Deno.test(`${name}: a failed-precondition of the inner strategy ends the run`, async () => {
    const identities = await trustedIdentities(nodeIds(3));
    const federation = new Federation({ nodes: 3, mods: [mod()], identities });
    await assert.rejects(federation.run(wrap(new Failing()), 3), {
      code: "failed-precondition",
      message: "The inner strategy cannot go on",
    });
    assert.ok(federation.notes.every((note) => !note.includes("cannot go on")));
  });
}
