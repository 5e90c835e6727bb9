/** A run from its submission to its end over real HTTP, as the command line, a ServerApp and a node see it. */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { Grid } from "../../../../app/grid.ts";
import { Message } from "../../../../app/message.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { openHttpChannel } from "../../../http/channel.ts";
import { startHttpServer } from "../../../http/server.ts";
import { FakeBackend } from "../testing/fake_backend.ts";
import { FakeSuperLink } from "../testing/fake_superlink.ts";
import { bindService } from "../../../service.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { runtimeHandlers } from "../server/runtime_service.ts";
import { taskAuthentication } from "../server/task_authentication.ts";
import { acquireTask } from "./acquire_task.ts";
import { ControlClient } from "./control_client.ts";
import { RuntimeClient } from "./runtime_client.ts";
import { RuntimeConnection } from "./runtime_connection.ts";
import { TaskSession } from "./task_session.ts";
import { eventually } from "../../../../tests/support/deadline.ts";

Deno.test("over HTTP: a submitted run is pending, begins, writes a log, and ends", async () => {
  await using superlink = await FakeSuperLink.start();
  const server = await startHttpServer({
    address: "127.0.0.1:0",
    services: [
      { prefix: "/v1/control", binding: superlink.control },
      { prefix: "/v1/runtime", binding: superlink.runtime },
    ],
  });
  const open = () => openHttpChannel({ address: server.address, tls: "insecure" });
  const control = new ControlClient(open());
  const { runId } = await control.startRun({
    fab: { content: new Uint8Array([1, 2]), hash: "" },
    overrideConfig: new ConfigRecord({ rounds: 5 }),
  });
  const log = Array.fromAsync(control.streamLogs(runId));
  const agency = open();
  const task = await acquireTask(agency, ["flwr-serverapp"]);
  assert.equal(task?.runId, runId);
  const client = new RuntimeClient(open(), task.token);
  const session = await TaskSession.begin(client);
  assert.equal(session.input.run.overrideConfig.number("rounds"), 5);
  session.log("working\n");
  await session.finish("completed");
  assert.match((await log).map(({ text }) => text).join(""), /^\S+Z working\n$/);
  const { run } = await control.getRun(runId);
  assert.deepEqual([run.status, run.subStatus], ["finished", "completed"]);
  for (const line of [control, agency, client]) line.close();
  await server.close(1);
});

Deno.test("over HTTP: a ServerApp's instructions are answered, waiting pulls end with the run", async () => {
  const backend = new FakeBackend();
  const binding = bindService(Runtime, {
    ...taskAuthentication({ backend, executors: "nobody" }),
    handlers: runtimeHandlers(backend),
  });
  const server = await startHttpServer({
    address: "127.0.0.1:0",
    services: [{ prefix: "/v1/runtime", binding }],
  });
  const channel = openHttpChannel({ address: server.address, tls: "insecure" });
  const client = new RuntimeClient(channel, backend.task.token);
  const connection = new RuntimeConnection(client, 7n);
  const grid = new Grid(connection, 7n);
  const instruct = () =>
    Message.create({
      content: new RecordDict({ config: new ConfigRecord({ blob: new Uint8Array(100_000) }) }),
      dstNodeId: 4n,
      messageType: "query",
    });

  const answered = grid.sendAndReceive([instruct()]);
  await eventually(() => backend.objects.size >= 3, 20, "the objects to be pushed");
  const [instruction] = [...backend.messages.values()];
  const received = instruct().withMetadata({ ...instruction!, srcNodeId: 1n });
  await backend.reply(received.reply({ config: new ConfigRecord({ answer: 42 }) }));
  const [reply] = await answered;
  assert.equal(reply!.content.configRecord("config").number("answer"), 42);

  const ended = { code: "cancelled" };
  const waiting = assert.rejects(grid.sendAndReceive([instruct()]), ended);
  await eventually(() => backend.messages.size >= 2, 20, "the message to be pushed");
  backend.good = false;
  await assert.rejects(client.heartbeat(), ended);
  await waiting;
  connection.close();
  await server.close(1);
});
