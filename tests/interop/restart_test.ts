/** Real SuperNodes whose SuperLink, ours, is started again: their signatures of before count no more, and they go on. */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import {
  FlowerCommand,
  flowerEnvironmentVariables,
  flowerNodeId,
  startFlowerSuperNode,
} from "../support/flower.ts";
import { startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { freePorts } from "../support/ports.ts";
import { flowerScenario } from "./python_scenario.ts";
import { quickstartApp, quickstartConfig } from "./quickstart.ts";

/** How long a run may take on a busy machine, in seconds. */
const RUN_SECONDS = 180;

/** By day tests/security/current/restart_test.ts shows that an end in good order denies no call. */
const SIGNALS = NIGHTLY ? ["SIGTERM", "SIGKILL"] as const : ["SIGKILL"] as const;

flowerScenario(
  `flwr 1.38, 1.41: their nodes go on after restarts of our SuperLink: ${SIGNALS.join(", ")}`,
  async (stage, flowerOf) => {
    const [today, older] = [await flowerOf("1.41.0"), await flowerOf("1.38.0")];
    const app = await quickstartApp(stage);
    const credentials = await makeCredentials(stage.folder.path, 2);
    const [http, fleet] = freePorts(2).map((port) => `127.0.0.1:${port}`) as [string, string];
    const start = () =>
      startSuperLink({
        stage,
        credentials,
        addresses: { fleet, driver: "127.0.0.1:0" },
        flags: [
          ...["--port", http.split(":")[1]!, "--database", stage.path("superlink.db")],
          ...["--python", today.python],
        ],
        env: flowerEnvironmentVariables(stage, "superlink"),
      });
    let superlink = await start();
    const nodes = [older, today].map((flower, index) =>
      startFlowerSuperNode({
        ...{ stage, flower, credentials, superlink, security: "auth" },
        ...{ node: index + 1, partition: index },
      })
    );
    const ids = await Promise.all(nodes.map(flowerNodeId));
    for (const signal of SIGNALS) {
      await superlink.process.end(signal);
      superlink = await start();
      const flwr = await FlowerCommand.at({
        stage,
        flower: today,
        security: "auth",
        credentials,
        superlink,
      });
      const result = stage.path(`result-${signal}.json`);
      const config = quickstartConfig({ nodes: ids, result });
      const run = flwr.start(["run", app, "here", "--stream", "-c", config]);
      assert.equal((await run.ended(RUN_SECONDS)).code, 0);
      assert.ok(run.lines.some((line) => line.includes("FINAL after 1 rounds")));
      assert.deepEqual(nodes.map(({ status }) => status), [undefined, undefined], "nobody gave up");
      if (signal === "SIGKILL") continue;
      const denied = superlink.process.records.filter(({ event }) => event === "call-denied");
      assert.deepEqual(denied, [], "after an end in good order");
    }
  },
  { seconds: 420 },
);
