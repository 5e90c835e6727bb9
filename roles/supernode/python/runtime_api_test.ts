import assert from "node:assert/strict";
import { ConfigRecord } from "../../../app/config_record.ts";
import { Message } from "../../../app/message.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import { systemClock } from "../../../base/clock.ts";
import { seededRandom } from "../../../base/random.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { type Execute, PythonApp } from "./python_app.ts";
import { RuntimeApi } from "./runtime_api.ts";
import { TaskBackend } from "./task_backend.ts";

const BUNDLE = { hash: "3ffe", content: new Uint8Array([1]), verifications: {} };
const RUN = {
  runId: 7n,
  fabId: "agenta/mini",
  fabVersion: "1.0.0",
  fabHash: "3ffe",
  overrideConfig: new ConfigRecord(),
  seriesId: 3n,
};

function openApi(backend: TaskBackend, port = 0, anyPort = false): RuntimeApi {
  return new RuntimeApi({ host: "127.0.0.1", port, anyPort, executors: "nobody", backend });
}

/** The HTTP status of a call with an empty request. */
async function call(address: string, method: string, token?: string): Promise<number> {
  const response = await fetch(`http://${address}/v1/runtime/${method}`, {
    method: "POST",
    headers: {
      "content-type": "application/protobuf",
      ...(token === undefined ? {} : { "flwr-task-token": token }),
    },
  });
  await response.body?.cancel();
  return response.status;
}

Deno.test("the Runtime API accepts a task's token for as long as the task lasts", async () => {
  const backend = new TaskBackend(systemClock, () => {});
  await using api = openApi(backend);
  const address = await api.open();
  assert.equal(await api.open(), address, "it is opened once");
  const statuses: number[] = [];
  let token = "";
  const execute: Execute = async ({ task }) => {
    token = task.token;
    for (const method of ["send-task-heartbeat", "pull-task-input", "pull-messages"]) {
      statuses.push(await call(address, method, token));
    }
    statuses.push(await call(address, "get-nodes", token));
    statuses.push(await call(address, "acquire-task"));
    return "it has seen enough";
  };
  using app = new PythonApp(BUNDLE, {
    backend,
    execute,
    clock: systemClock,
    random: seededRandom(1),
  });
  const instruction = Message.create({ content: {}, dstNodeId: 5n, messageType: "train" })
    .withMetadata({ runId: 7n });
  const context = {
    runId: 7n,
    nodeId: 5n,
    nodeConfig: new ConfigRecord(),
    state: new RecordDict(),
    runConfig: new ConfigRecord(),
  };
  const never = new AbortController().signal;
  await assert.rejects(app.forRun(RUN).handle(instruction, context, never), /seen enough/);
  assert.deepEqual(statuses, [200, 200, 200, 403, 401]);
  assert.equal(await call(address, "send-task-heartbeat", token), 401, "the task is over");
  assert.equal(await call(address, "send-task-heartbeat"), 401);
});

Deno.test("another port is used if this one is taken, unless a flower-superexec connects to it", async () => {
  const backend = new TaskBackend(systemClock, () => {});
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using api = openApi(backend, taken.addr.port, true);
  assert.notEqual(parseAddress(await api.open()).port, taken.addr.port);
  await using strict = openApi(backend, taken.addr.port);
  await assert.rejects(strict.open(), { code: "unavailable" });
});

Deno.test("the Runtime API refuses web pages", async () => {
  await using api = openApi(new TaskBackend(systemClock, () => {}));
  const address = await api.open();
  for (const path of ["/health", "/v1/runtime/get-nodes"]) {
    const page = { origin: `http://${address}` };
    const answer = await fetch(`http://${address}${path}`, { headers: page });
    await answer.body?.cancel();
    assert.equal(answer.status, 403, path);
  }
});
