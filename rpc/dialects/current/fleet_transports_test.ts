/** A node and its SuperLink's Fleet API over both transports, on loopback. */
import assert from "node:assert/strict";
import { ArrayRecord } from "../../../app/array_record.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import { NdArray } from "../../../app/nd_array.ts";
import { PrivateKey } from "../../../auth/private_key.ts";
import { FlwrError } from "../../../base/error.ts";
import { seededRandom } from "../../../base/random.ts";
import { Fleet } from "../../../proto/gen/current/fleet_pb.ts";
import { Fleet as Fleet19 } from "../../../proto/gen/flwr-1.9/fleet_pb.ts";
import type { Channel } from "../../channel.ts";
import { openChannel } from "../../grpc/channel.ts";
import { openHttpChannel } from "../../http/channel.ts";
import { startHttpServer } from "../../http/server.ts";
import { NO_RETRY } from "../../retry.ts";
import { startServer } from "../../grpc/server.ts";
import { bindService } from "../../service.ts";
import { FleetConnection19 } from "../flwr-1.9/client/fleet_connection.ts";
import { fleetHandlers } from "../flwr-1.9/server/fleet_service.ts";
import { CurrentFleetConnection } from "./client/fleet_connection.ts";
import { NodeCredentials } from "./client/node_credentials.ts";
import { FleetStage } from "./testing/fleet_stage.ts";

const ADDRESS = "127.0.0.1:0";

/** Starts a stage's Fleet API. @returns a function that opens a channel to it */
const serve = {
  grpc: async (stage: FleetStage, cleanup: AsyncDisposableStack) => {
    const server = await startServer({ address: ADDRESS, services: [stage.binding] });
    cleanup.defer(() => server.close(0));
    return () => openChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  },
  http: async (stage: FleetStage, cleanup: AsyncDisposableStack) => {
    const services = [{ prefix: "/v1/fleet", binding: stage.binding }];
    const server = await startHttpServer({ address: ADDRESS, services });
    cleanup.defer(() => server.close(0));
    return () => openHttpChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  },
};

for (const transport of ["grpc", "http"] as const) {
  Deno.test(`${transport}: a node joins, receives a model during its pull, replies and leaves`, async () => {
    await using cleanup = new AsyncDisposableStack();
    const stage = cleanup.use(await FleetStage.start());
    const open = await serve[transport](stage, cleanup);
    const calls: string[] = [];
    const node = connect(stage, () => counted(open(), calls), cleanup);
    const nodeId = await node.join(30);
    const pulling = node.pull();
    await stage.pulling;
    assert.equal(await node.heartbeat(30), true, "while the pull is held");
    const { runId } = await stage.run();
    const data = crypto.getRandomValues(new Uint8Array(60_000));
    const array = new NdArray({ dtype: "uint8", shape: [60_000], stype: "numpy.ndarray", data });
    const arrays = new ArrayRecord({ w: array });
    const id = await stage.instruct(runId, nodeId, { arrays });
    const instruction = await pulling;
    assert.deepEqual([...instruction!.content.arrayRecord("arrays").get("w")!.data], [...data]);
    assert.equal((await node.run(runId))!.runId, runId);
    await node.push(instruction!.reply({ arrays, done: new ConfigRecord() }, stage), 0.5);
    assert.deepEqual([...(await stage.reply(id))!.content.keys()], ["arrays", "done"]);
    const ofMessages = calls.filter((name) => /Message|Object/.test(name));
    assert.deepEqual(ofMessages, ["PullMessages", "PushMessages"], "objects travel along");
    await node.leave();
    assert.deepEqual(await stage.link.nodes.online(), []);
  });

  Deno.test(`${transport}: a node whose key is removed from the list is refused during its pull`, async () => {
    await using cleanup = new AsyncDisposableStack();
    const stage = cleanup.use(await FleetStage.start({ knownKeysOnly: true }));
    const open = await serve[transport](stage, cleanup);
    const key = await PrivateKey.generate("P-384");
    stage.list(key.publicKey);
    const node = connect(stage, open, cleanup, key);
    await node.join(30);
    const cutOff = assert.rejects(node.pull(), unauthenticated);
    await stage.pulling;
    stage.list();
    await cutOff;
    await assert.rejects(node.heartbeat(30), unauthenticated);
  });

  Deno.test(`${transport}: a used signature is refused over any connection`, async () => {
    await using cleanup = new AsyncDisposableStack();
    const stage = cleanup.use(await FleetStage.start());
    const open = await serve[transport](stage, cleanup);
    const key = await PrivateKey.generate("P-521");
    const nodeId = await connect(stage, open, cleanup, key).join(30);
    const headers = await new NodeCredentials(key, stage.clock).headers();
    const request = { node: { nodeId }, heartbeatInterval: 30 };
    const beat = async () => {
      const channel = open();
      cleanup.defer(() => channel.close());
      await channel.call(Fleet.method.sendNodeHeartbeat, request, {
        metadata: () => Promise.resolve(headers),
      });
    };
    await beat();
    await assert.rejects(beat, unauthenticated);
  });
}

Deno.test("nodes of two Flower versions share a port, and the call that both have", async () => {
  await using cleanup = new AsyncDisposableStack();
  const stage = cleanup.use(await FleetStage.start());
  const revoked = new AbortController().signal;
  const older = bindService(Fleet19, {
    authenticate: () => Promise.resolve({ revoked }),
    handlers: fleetHandlers(stage.link, (error) => {
      throw error;
    }),
  });
  const server = await startServer({ address: ADDRESS, services: [older, stage.binding] });
  cleanup.defer(() => server.close(0));
  const open = () => openChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  const current = connect(stage, open, cleanup);
  const channel = open();
  const connection19 = new FleetConnection19(channel);
  cleanup.defer(() => connection19.close());
  const ids = [await current.join(30), await connection19.join(30)];
  assert.deepEqual((await stage.link.nodes.online()).toSorted(), ids.toSorted());
  const run = await stage.run();
  assert.equal((await current.run(run.runId))!.seriesId, run.seriesId);
  const { response } = await channel.call(Fleet19.method.getRun, {
    runId: BigInt.asIntN(64, run.runId),
  });
  assert.equal(BigInt.asUintN(64, response.run!.runId), run.runId);
});

/** A channel that records the names of the called methods. */
function counted(channel: Channel, calls: string[]): Channel {
  return {
    address: channel.address,
    call: (method, request, options) => {
      calls.push(method.name);
      return channel.call(method, request, options);
    },
    stream: (method, request, options) => channel.stream(method, request, options),
    close: () => channel.close(),
  };
}

function connect(
  stage: FleetStage,
  open: () => Channel,
  cleanup: AsyncDisposableStack,
  key?: PrivateKey,
): CurrentFleetConnection {
  const connection = new CurrentFleetConnection({
    channel: open(),
    heartbeats: open(),
    clock: stage.clock,
    random: seededRandom(1),
    ...(key && { key }),
  });
  cleanup.defer(() => connection.close());
  return connection;
}

function unauthenticated(error: unknown): boolean {
  return error instanceof FlwrError && error.code === "unauthenticated";
}
