/** Flower 1.41's `flwr pull` at our SuperLink, after a run of a TypeScript app. */
import assert from "node:assert/strict";
import { readZip } from "../../fab/read_zip.ts";
import { makeCredentials, securedBy } from "../support/credentials.ts";
import { FlowerCommand } from "../support/flower.ts";
import { startSuperLink } from "../support/flwr.ts";
import { makeApp, NO_COMPONENT } from "../support/make_app.ts";
import { flowerScenario } from "./python_scenario.ts";
import { flwr } from "../e2e/cli/command.ts";

const SERVER = `
import { ServerApp } from "flwr";
export const app = new ServerApp().main((_grid, { artifacts, runConfig }) =>
  runConfig.boolean("save") ? artifacts.save("metrics/last.json", '{"loss":0.5}') : undefined
);`;

flowerScenario(
  "flwr 1.41: its pull says where our SuperLink has a run's files",
  async (stage, flowerOf) => {
    const flower = await flowerOf("1.41.0");
    const credentials = await makeCredentials(stage.folder.path, 1);
    const security = "tls";
    const superlink = await startSuperLink({
      stage,
      credentials: securedBy(security, credentials),
      flags: ["--audit-log", stage.path("audit.log")],
    });
    const { http } = superlink;
    const app = await makeApp(stage.path("saves"), {
      name: "saves",
      files: { "server.ts": SERVER, "client.ts": NO_COMPONENT },
      config: "save = true",
    });
    const trust = ["--root-certificates", credentials.caCertificate];
    const run = async (...settings: string[]) => {
      const args = [
        "run",
        app,
        http,
        ...trust,
        "--stream",
        "--no-check",
        "--format",
        "json",
        ...settings,
      ];
      const { code, stdout, stderr } = await flwr(stage.folder.path, args);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout)["run-id"] as string;
    };
    const saved = await run();
    const nothing = await run("-c", "save=false");
    const python = await FlowerCommand.at({ stage, flower, security, credentials, superlink });
    const pull = async (id: string) => {
      const process = python.start(["pull", id, "here"]);
      const { code } = await process.ended(60);
      return { code, text: process.lines.join("\n") };
    };

    const told = await pull(saved);
    assert.equal(told.code, 0, told.text);
    const [url] = /https:\/\/\S+\/artifacts\/[0-9a-f]{64}\/run-\d+\.zip/.exec(told.text) ?? [];
    assert.ok(url !== undefined, told.text);
    assert.ok(url.startsWith(`https://${http}/`) && url.endsWith(`/run-${saved}.zip`), url);
    using client = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(credentials.caCertificate)],
    });
    const answer = await fetch(url!, { client });
    const files = readZip(new Uint8Array(await answer.arrayBuffer()));
    assert.deepEqual([...files], [["metrics/last.json", new TextEncoder().encode('{"loss":0.5}')]]);

    const none = await pull(nothing);
    assert.equal(none.code, 1);
    assert.ok(none.text.includes(`${nothing}`));
    const unknown = await pull("12345");
    assert.equal(unknown.code, 1);
    assert.match(unknown.text, /12345/);

    const audit = stage.path("audit.log");
    assert.equal((await flwr(stage.folder.path, ["audit", "verify", audit])).code, 0);
    const text = await Deno.readTextFile(audit);
    const pulls = text.trim().split("\n").map((line) => JSON.parse(line))
      .filter(({ event: { action }, status }) =>
        action === "ControlServicer.PullArtifacts" && status !== "started"
      );
    assert.deepEqual(pulls.map(({ event, status }) => [event.run_id, status]), [
      [saved, "completed"],
      [nothing, "failed"],
      ["12345", "failed"],
    ]);
    const secret = /artifacts\/([0-9a-f]{64})/.exec(url)![1]!;
    assert.ok(!text.includes(secret), "the audit log has the secret of a download's link");
  },
  { seconds: 180 },
);
