import assert from "node:assert/strict";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { joined, startFlwr, startSuperLink } from "../../support/flwr.ts";
import { repositoryPath } from "../../support/repository.ts";
import { scenario } from "../../support/stage.ts";

const EXAMPLE = repositoryPath("examples/own-onnx-model");

scenario(
  "two nodes train the example's own ONNX file, and the result is a file again",
  async (stage) => {
    const { driver, fleet } = await startSuperLink({ stage });
    const role = (name: string, app: string, server: string, ...flags: string[]) =>
      startFlwr(stage, name, [
        name,
        app,
        "--dir",
        EXAMPLE,
        "--insecure",
        "--server",
        server,
        ...flags,
      ]);
    const nodes = [0, 1].map((i) =>
      role("supernode", "client:app", fleet, "--node-config", `partition-id=${i}`)
    );
    await Promise.all(nodes.map(joined));
    const [artifacts, history] = [stage.path("artifacts"), stage.path("history.json")];
    const run = role(
      ...["run", "server:app", driver, "--json", history] as const,
      ...["--run-config", "num-rounds=5", "--artifacts", artifacts],
    );
    assert.equal((await run.ended(90)).code, 0, run.tail());

    const before = onnxNetwork(`${EXAMPLE}/model.onnx`);
    const after = onnxNetwork(`${artifacts}/trained.onnx`);
    assert.deepEqual(after.ports, before.ports);
    assert.equal(after.inputType, "uint8", "normalisation is inside");
    const accuracy = /round 5\s+\S+\s+([\d.]+)$/m.exec(run.lines.slice(-3).join("\n"))?.[1];
    assert.ok(Number(accuracy) > 0.6, `accuracy after 5 rounds: ${accuracy}`);
    assert.ok(JSON.parse(await Deno.readTextFile(history)));
  },
);
