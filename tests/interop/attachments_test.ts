/** An app with a file beside its bundle, submitted to SuperLinks of the real Flower, which take none. */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { FlowerWays, startFlowerSuperLink } from "../support/flower.ts";
import { makeApp } from "../support/make_app.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { OurCommand } from "../support/our_command.ts";
import { flowerScenario } from "./python_scenario.ts";

// Over HTTP, over gRPC, and over gRPC under the name that the API had up to 1.20.
for (const version of ["1.41.0", "1.38.0", "1.29.0", "1.26.1", "1.22.0", "1.18.0"] as const) {
  flowerScenario(
    `flwr ${version}: our flwr run says that their SuperLink takes no attachments`,
    async (stage, flowerOf) => {
      const flower = await flowerOf(version);
      const credentials = await makeCredentials(stage.folder.path);
      const options = { stage, flower, credentials, security: "tls" as const };
      const superlink = await startFlowerSuperLink(options);
      const address = new FlowerWays(flower.version).controlOf(superlink);
      const flwr = await OurCommand.at({ ...options, address });
      const app = await makeApp(stage.path("large"), { name: "large" });
      await Deno.writeFile(`${app}/large.onnx`, new Uint8Array(11 * 2 ** 20));
      const process = flwr.start(["run", app, "here", "--no-check"]);
      assert.equal((await process.ended(60)).code, 1);
      const text = process.lines.join("\n");
      assert.match(text, /10 MiB.*large\.onnx/);
      const list = flwr.start(["ls", "here", "--format", "json"]);
      assert.equal((await list.ended(30)).code, 0);
      assert.deepEqual(JSON.parse(list.stdoutLines.join("\n")).runs, [], "nothing was started");
    },
    { seconds: 180, ignore: !NIGHTLY && version !== "1.41.0" },
  );
}
