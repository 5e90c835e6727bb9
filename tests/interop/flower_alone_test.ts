/** The measure itself: nothing but the real Flower comes to the bits that the other tests expect. For the nightly run. */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import {
  FlowerCommand,
  flowerNodeId,
  startFlowerSuperLink,
  startFlowerSuperNode,
} from "../support/flower.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { FLOWER_VERSIONS } from "../support/python.ts";
import { assertSameRun } from "../support/result.ts";
import { flowerScenario } from "./python_scenario.ts";
import { quickstartApp, quickstartConfig, quickstartReferences } from "./quickstart.ts";

for (const version of FLOWER_VERSIONS.filter((version) => version !== "1.9.0")) {
  flowerScenario(
    `flwr ${version}: Python alone comes to the expected weights`,
    async (stage, flowerOf) => {
      const flower = await flowerOf(version);
      const app = await quickstartApp(stage);
      const today = await flowerOf("1.41.0");
      const references = quickstartReferences(stage, today, { app, selections: ["0,1"] });
      const credentials = await makeCredentials(stage.folder.path);
      const options = { stage, flower, credentials, security: "insecure" } as const;
      const superlink = await startFlowerSuperLink(options);
      const nodes = await Promise.all([0, 1].map((partition) =>
        flowerNodeId(
          startFlowerSuperNode({ ...options, superlink, node: partition + 1, partition }),
        )
      ));
      const flwr = await FlowerCommand.at({ ...options, superlink });
      const result = stage.path("result.json");
      const config = quickstartConfig({ nodes, result });
      const run = flwr.start(["run", app, "here", "--stream", "-c", config]);
      assert.equal((await run.ended(180)).code, 0);
      assertSameRun(
        JSON.parse(await Deno.readTextFile(result)),
        (await references).get("0,1")!,
      );
    },
    { seconds: 240, ignore: !NIGHTLY },
  );
}
