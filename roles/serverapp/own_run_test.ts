import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { Grid } from "../../app/grid.ts";
import { Message } from "../../app/message.ts";
import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import { settle } from "../../base/testing/settle.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { handStartedRuntime } from "../../rpc/dialects/current/server/hand_started.ts";
import { DirectChannel } from "../../rpc/dialects/current/testing/direct_channel.ts";
import { FleetStage } from "../../rpc/dialects/current/testing/fleet_stage.ts";
import { driverHandlers } from "../../rpc/dialects/flwr-1.9/server/driver_service.ts";
import { bindService, joinServices } from "../../rpc/service.ts";
import { OwnRun } from "./own_run.ts";

/** A SuperLink's Driver API, and a run at it. */
class Started implements AsyncDisposable {
  private constructor(
    readonly stage: FleetStage,
    readonly channel: DirectChannel,
    readonly run: OwnRun,
    readonly runId: bigint,
  ) {}

  /** @param gives whether the SuperLink gives tokens: Flower's does not */
  static async create(gives: boolean): Promise<Started> {
    const stage = await FleetStage.start();
    const { link, clock } = stage;
    const handlers = driverHandlers(link);
    const driver = bindService(Driver, {
      authenticate: () => Promise.resolve({}),
      handlers: {
        ...handlers,
        createRun: (request, call) =>
          handlers.createRun({ ...request, takesToken: gives && request.takesToken }, call),
      },
    });
    const channel = new DirectChannel(joinServices(driver, handStartedRuntime(link, clock)));
    const run = new OwnRun(channel, { clock, random: seededRandom(1) });
    return new Started(stage, channel, run, await run.createRun());
  }

  /** One instruction to a node, which answers with twice its value. @returns the value of the reply */
  async ask(value: number): Promise<number> {
    const { stage: { link, clock }, run, runId } = this;
    const node = this.stage.node();
    await node.join(30);
    const grid = new Grid(run, runId, { clock });
    const [dstNodeId] = await grid.nodeIds();
    const content = { config: new ConfigRecord({ value }) };
    const asking = grid.sendAndReceive([
      Message.create({ content, dstNodeId: dstNodeId!, messageType: "train", clock }),
    ]);
    const instruction = (await node.pull())!;
    const doubled = 2 * instruction.content.configRecord("config").number("value");
    await node.push(
      instruction.reply({ metrics: new ConfigRecord({ value: doubled }) }, { clock }),
    );
    const [reply] = await asking;
    assert.equal((await link.nodes.online()).length, 1);
    return reply!.content.configRecord("metrics").number("value");
  }

  async state(): Promise<string | undefined> {
    return (await this.stage.link.runs.get(this.runId))?.state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.run.close();
    await this.stage[Symbol.asyncDispose]();
  }
}

Deno.test("own run: all but its creation goes over today's API, where the SuperLink has it", async () => {
  await using started = await Started.create(true);
  const { run, channel } = started;
  assert.equal(await started.ask(21), 42);
  await run.finish("completed", "");
  assert.deepEqual(channel.calls, [
    "/flwr.proto.Driver/CreateRun",
    "/flwr.proto.Runtime/GetNodes",
    // The objects travel with these.
    "/flwr.proto.Runtime/PushMessages",
    "/flwr.proto.Runtime/PullMessages",
    "/flwr.proto.Runtime/PushTaskOutput",
  ]);
  assert.equal(await started.state(), "finished:completed");
});

Deno.test("own run: everything goes over the wire of Flower 1.9, where the SuperLink has nothing else", async () => {
  await using started = await Started.create(false);
  const { run, channel } = started;
  assert.equal(await started.ask(21), 42);
  await run.finish("completed", "");
  assert.deepEqual(channel.calls, [
    "/flwr.proto.Driver/CreateRun",
    "/flwr.proto.Driver/GetNodes",
    "/flwr.proto.Driver/PushTaskIns",
    "/flwr.proto.Driver/PullTaskRes",
  ]);
  assert.equal(await started.state(), "running", "that wire cannot say more");
});

Deno.test("own run: heartbeats keep it until it is over", async () => {
  await using started = await Started.create(true);
  const { run, channel, stage: { clock } } = started;
  const beats = () => channel.calls.filter((path) => path.endsWith("SendTaskHeartbeat")).length;
  // One that fails is not the last.
  channel.failing = () => {
    throw new FlwrError("unavailable", "away");
  };
  for (let step = 0; step < 10; step++) {
    await clock.advance(22.5);
    await settle();
    channel.failing = () => {};
  }
  assert.equal(beats(), 10);
  await run.finish("failed", "stopped by SIGINT");
  await clock.advance(100);
  await settle();
  assert.equal(beats(), 10);
  const { state, details } = (await started.stage.link.runs.get(started.runId))!;
  assert.deepEqual([state, details], ["finished:failed", "stopped by SIGINT"]);
});

Deno.test("own run: hears that the SuperLink has ended it, and does not end it again", async () => {
  await using started = await Started.create(true);
  const { run, runId, channel, stage: { link, clock } } = started;
  await link.runs.stop(runId);
  assert.equal(run.ended.aborted, false);
  await clock.advance(22.5);
  await settle();
  assert.equal(run.ended.aborted, true);
  assert.equal(FlwrError.from(run.ended.reason).code, "cancelled");
  await run.finish("failed", "");
  assert.ok(!channel.calls.some((path) => path.endsWith("PushTaskOutput")));
  assert.equal(await started.state(), "finished:stopped");
});

Deno.test("own run: a SuperLink that cannot be told of the end changes nothing", async () => {
  await using started = await Started.create(true);
  const { run, channel, stage: { clock } } = started;
  channel.failing = () => {
    throw new FlwrError("unavailable", "away");
  };
  await run.finish("completed", "");
  assert.equal(await started.state(), "running");
  await clock.advance(10);
});
