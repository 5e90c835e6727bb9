/**
 * Our SuperExec at Flower 1.41's SuperLink: it runs the ServerApps of TypeScript apps, and of Python apps by Flower's own
 * program. The SuperNodes are ours.
 */
import assert from "node:assert/strict";
import { createApp } from "../../roles/cli/apps/new/create_app.ts";
import { TEMPLATES } from "../../roles/cli/apps/new/template.ts";
import { makeCredentials } from "../support/credentials.ts";
import { flowerEnvironmentVariables, startFlowerSuperLink } from "../support/flower.ts";
import { joined, startFlwr } from "../support/flwr.ts";
import { OurCommand } from "../support/our_command.ts";
import { assertSameRun } from "../support/result.ts";
import { flowerScenario } from "./python_scenario.ts";
import { quickstartApp, quickstartConfig, quickstartReferences } from "./quickstart.ts";

/** Seconds that a run may take. */
const RUN_SECONDS = 90;
/** Seconds within which an app that calls its SuperLink hears that its run was stopped, on a busy machine. */
const STOP_SECONDS = 30;

flowerScenario(
  "flwr 1.41: its SuperLink's runs are taken on, in TypeScript and Python, and stopped",
  async (stage, flowerOf) => {
    const flower = await flowerOf("1.41.0");
    const credentials = await makeCredentials(stage.folder.path);
    const options = { stage, flower, credentials, security: "tls" } as const;
    const { http } = await startFlowerSuperLink({ ...options, flags: ["--isolation", "process"] });
    const trust = ["--root-certificates", credentials.caCertificate, "--python", flower.python];
    const superexec = startFlwr(
      stage,
      "superexec",
      ["superexec", "--runtime-api-address", http, ...trust],
      flowerEnvironmentVariables(stage, "superexec"),
    );
    const nodes = await Promise.all(
      [0, 1].map((partition) =>
        joined(startFlwr(stage, `supernode ${partition}`, [
          ...["supernode", "--superlink", http, "--port", "0", ...trust],
          ...["--node-config", `partition-id=${partition} num-partitions=2`],
        ], flowerEnvironmentVariables(stage, `supernode-${partition}`)))
      ),
    );
    const flwr = await OurCommand.at({ ...options, address: http });

    const { folder } = await createApp({
      ...{ name: "line", publisher: "lab", template: TEMPLATES["minimal"]! },
      parent: stage.folder.path,
    });
    const run = flwr.start(["run", folder, "here", "--stream", "-c", "num-rounds=1"]);
    assert.equal((await run.ended(RUN_SECONDS)).code, 0);
    // Flower's own SuperLink keeps no files: the app, its log, and who asks for them are told.
    const said = run.stdoutLines.join("\n");
    assert.match(said, /model\.npz/);
    const [started] = /\b\d{15,}\b/.exec(said)!; // the run's id
    const pull = flwr.start(["pull", started!, "here"]);
    assert.equal((await pull.ended(RUN_SECONDS)).code, 1);
    assert.match(pull.lines.join("\n"), /without artifact provider/);

    const python = await quickstartApp(stage);
    const result = stage.path("result.json");
    const config = quickstartConfig({ nodes, result });
    const snake = flwr.start(["run", python, "here", "--stream", "-c", config]);
    assert.equal((await snake.ended(RUN_SECONDS)).code, 0);
    assert.match(snake.stdoutLines.join("\n"), /FINAL after 1 rounds/);
    const expected = await quickstartReferences(stage, flower, {
      app: python,
      selections: ["0,1"],
    });
    assertSameRun(JSON.parse(await Deno.readTextFile(result)), expected.get("0,1")!);

    const long = flwr.start(["run", folder, "here", "--format", "json", "-c", "num-rounds=10000"]);
    assert.equal((await long.ended(RUN_SECONDS)).code, 0);
    const runId: string = JSON.parse(long.stdoutLines.join("\n"))["run-id"];
    await superexec.waitForEvent("run-taken", { runId });
    const stop = flwr.start(["stop", runId, "here"]);
    assert.equal((await stop.ended(RUN_SECONDS)).code, 0);
    await superexec.waitForEvent("run-ended", { runId }, STOP_SECONDS);
  },
  { seconds: 240 },
);
