/** Clipping on the nodes between the two programs: Flower's mods under our wrappers, our mods under Flower's. */
import assert from "node:assert/strict";
import { startFlwr, startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { startPeerSuperNode } from "../support/peer.ts";
import { repositoryPath } from "../support/repository.ts";
import { flowerScenario, pythonScenario } from "./python_scenario.ts";
import { serverAppResult } from "./server_app_result.ts";

const APPS = repositoryPath("tests/interop/apps");
/** How long a run may take on a busy machine, in seconds. */
const RUN_SECONDS = 180;
const OPTIONS = { seconds: 300 };

/** Compares numbers that were computed in float32. */
function assertClose(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((x, i) => assert.ok(Math.abs(x - expected[i]!) < 1e-5, `${actual}, ${expected}`));
}

/** The model after two rounds with both nodes, whose updates are (3, 4) and (6, 8). */
const CASES = {
  // Both are clipped to (0.3, 0.4).
  fixed: { norm: 0.5, w: [1 + 2 * 0.3, 2 + 2 * 0.4] },
  // Of the norms 5 and 10 the norm 7 clips one: half is the target, and the norm stays.
  adaptive: { norm: 7, w: [1 + 3 + 4.2, 2 + 4 + 5.6] },
} as const;

for (const [name, expected] of Object.entries(CASES)) {
  pythonScenario(
    `flwr 1.9: Python nodes with Flower's ${name} clipping mod under our wrapper`,
    async (stage, python) => {
      const { driver, fleet } = await startSuperLink({ stage });
      for (const node of [1, 2]) {
        startPeerSuperNode({ stage, python, fleet, node, app: `private_client:${name}` });
      }
      const run = startFlwr(stage, "run", [
        ...["run", `server:${name}`, "--dir", `${APPS}/private_client`],
        ...["--server", driver, "--insecure"],
      ]);
      const { w, norm, failures, results } = JSON.parse(
        (await run.waitForLine(/REPORT (.*)$/, RUN_SECONDS))[1]!,
      );
      assert.equal((await run.ended(RUN_SECONDS)).code, 0);
      assert.deepEqual(failures, []);
      assert.deepEqual(results, [2, 2]);
      assert.equal(norm, expected.norm);
      assertClose(w, expected.w);
    },
    OPTIONS,
  );
}

flowerScenario(
  "flwr 1.42: a node with our clipping mods under Flower's wrappers",
  async (stage, flowerOf) => {
    const { python } = await flowerOf("1.42.0");
    const apps = { server: "private_server", client: "private_client" };
    const { fixed, adaptive } = await serverAppResult(stage, python, apps, RUN_SECONDS);
    assertClose(fixed.w, [1 + 2 * 0.3, 2 + 2 * 0.4]);
    assertClose(fixed.replies[0][0], [1.3, 2.4]);
    const bits = adaptive.replies.map(([, metrics]: [unknown, { norm_bit: number }]) =>
      metrics.norm_bit
    );
    assert.deepEqual(bits, [0, 0]);
    assertClose(adaptive.w, [1 + 2 * 3, 2 + 2 * 4]);
    // Nothing is clipped: Flower's rule makes the norm larger.
    assertClose([adaptive.norm], [7 * Math.exp(2 * 0.2 * 0.5)]);
  },
  { ...OPTIONS, ignore: !NIGHTLY },
);
