/** FedBuff and FedAsync drive Python's nodes: a ServerApp of ours, in this process, with an app of theirs. */
import assert from "node:assert/strict";
import { ArrayRecord } from "../../app/array_record.ts";
import { float } from "../../app/float.ts";
import { Grid } from "../../app/grid.ts";
import { FedAsync, FedBuff } from "../../app/strategy/fedbuff.ts";
import { constantStaleness } from "../../app/strategy/staleness/staleness.ts";
import { acquireTask } from "../../rpc/dialects/current/client/acquire_task.ts";
import { RuntimeClient } from "../../rpc/dialects/current/client/runtime_client.ts";
import { RuntimeConnection } from "../../rpc/dialects/current/client/runtime_connection.ts";
import { TaskSession } from "../../rpc/dialects/current/client/task_session.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { tensor } from "../../tensor/tensor.ts";
import { makeCredentials } from "../support/credentials.ts";
import { flowerNodeId, startFlowerSuperNode } from "../support/flower.ts";
import { startFlwr, startSuperLink } from "../support/flwr.ts";
import { flowerScenario } from "./python_scenario.ts";
import { quickstartApp } from "./quickstart.ts";

const VALUES = [1, -0.5];
const SCALE = 0.5;
/** What the app adds, by partition (arithmetic.py). */
const SHIFTS = [0.1, 0.2];

flowerScenario(
  "flwr 1.41: FedBuff and FedAsync drive Python's nodes",
  async (stage, flowerOf) => {
    const flower = await flowerOf("1.41.0");
    const app = await quickstartApp(stage);
    const credentials = await makeCredentials(stage.folder.path);
    const superlink = await startSuperLink({ stage, flags: ["--isolation", "process"] });
    const options = { stage, flower, credentials, security: "insecure" } as const;
    await Promise.all(
      [0, 1].map((partition) =>
        flowerNodeId(
          startFlowerSuperNode({ ...options, superlink, node: partition + 1, partition }),
        )
      ),
    );
    const submitted = startFlwr(stage, "run", ["run", app, superlink.http, "--insecure"]);
    assert.equal((await submitted.ended(60)).code, 0);

    const channel = openHttpChannel({ address: superlink.http, tls: "insecure" });
    const task = await acquireTask(channel, ["flwr-serverapp"]);
    const client = new RuntimeClient(channel, task!.token);
    await using session = await TaskSession.begin(client);
    const grid = new Grid(new RuntimeConnection(client, task!.runId), task!.runId);
    const start = {
      initialArrays: ArrayRecord.fromTensors({
        "0": tensor("float64", [2], Float64Array.from(VALUES)),
      }),
      trainConfig: { round: 1, scale: float(SCALE) },
      timeout: 60,
    };

    const { rounds, arrays } = await new FedBuff({ bufferSize: 2 })
      .start(grid, { ...start, numRounds: 4 });
    for (const { train } of rounds) {
      assert.deepEqual([train!.results.length, train!.failures], [2, []]);
      assert.ok(train!.metrics!.number("staleness") >= 0);
    }
    assert.ok([...arrays.viewTensors().get("0")!.data].every((x) => Number.isFinite(Number(x))));

    // A single update replaces the model, which is then one node's.
    const single = await new FedAsync({ alpha: 1, staleness: constantStaleness() })
      .start(grid, { ...start, numRounds: 1 });
    const trained = [...single.arrays.viewTensors().get("0")!.data].map(Number);
    const possible = SHIFTS.map((shift) => VALUES.map((value) => value * SCALE + shift));
    const off = possible.map((one) => Math.max(...one.map((x, i) => Math.abs(x - trained[i]!))));
    assert.ok(Math.min(...off) < 1e-12, `${trained}`);

    await session.finish("completed");
    channel.close();
  },
  { seconds: 240 },
);
