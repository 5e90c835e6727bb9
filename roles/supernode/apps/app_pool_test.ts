import assert from "node:assert/strict";
import { ConfigRecord } from "../../../app/config_record.ts";
import type { Context } from "../../../app/context.ts";
import { Message } from "../../../app/message.ts";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import { FakeClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { eventually } from "../../../tests/support/deadline.ts";
import { TempDir } from "../../../tests/support/tempdir.ts";
import { findAppModule } from "../../../hosting/app/app_module.ts";
import { AppHost } from "../../../hosting/app/app_host.ts";
import { startWorker } from "../../../hosting/app/app_instance.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";
import { prepareSandboxedApp, startSandboxedApp } from "../../../hosting/sandbox/sandboxed_app.ts";
import {
  AppPool,
  instancePerRun,
  type MakeInstance,
  SPARE_SECONDS,
  WARM_AFTER_SECONDS,
} from "./app_pool.ts";
import { WarmApps } from "./warm_apps.ts";
import { testWithAllRights } from "../../../base/testing/all_rights.ts";

const PATIENCE = 30;

/** A typical app: it keeps its model in a module variable. */
const APP = `
import { ClientApp, MetricRecord } from "flwr";
import { cache } from "./cache.ts";
let model = 0;
export const app = new ClientApp().train((message, context) => {
  cache.set(context.runId, ++model);
  globalThis.seen = (globalThis.seen ?? 0) + 1;
  return { m: new MetricRecord({ model, cached: cache.size, seen: globalThis.seen }) };
});
`;

interface Opened {
  readonly first: AppHost;
  readonly make: MakeInstance;
}

/** Both kinds of instances: a worker for the owner's app, a sandbox for an app of a run. */
const PLACES: Readonly<Record<string, (folder: string) => Promise<Opened>>> = {
  "named on the command line": async (folder) => {
    const module = await findAppModule("client:app", folder);
    return {
      first: await AppHost.start(module),
      make: () => Promise.resolve(AppHost.prepare(module, {}, startWorker)),
    };
  },
  "that a run brings": async (folder) => {
    const options = {
      module: await findAppModule("client:app", folder),
      readable: [],
      compute: {},
    };
    return {
      first: await startSandboxedApp(options),
      make: (trains) => prepareSandboxedApp(options, trains),
    };
  },
};

const contextOf = (runId: bigint): Context => ({
  runId,
  nodeId: 2n,
  nodeConfig: new ConfigRecord(),
  state: new RecordDict(),
  runConfig: new ConfigRecord(),
});

const INSTRUCTION = Message.create({ content: {}, dstNodeId: 2n, messageType: "train" });

for (const [where, open] of Object.entries(PLACES)) {
  testWithAllRights(
    `runs of an app ${where} see variables of its modules of their own`,
    async () => {
      await using folder = await TempDir.make();
      await Deno.writeTextFile(`${folder.path}/client.ts`, APP);
      await Deno.writeTextFile(`${folder.path}/cache.ts`, "export const cache = new Map();");
      const { first, make } = await open(folder.path);
      await using live = new WarmApps<AppHost>(3);
      using pool = new AppPool(first, make);
      const handler = instancePerRun(live, pool);
      const handle = async (runId: bigint) => {
        const signal = new AbortController().signal;
        const { reply } = await handler.handle(INSTRUCTION, contextOf(runId), signal);
        const metrics = reply.content.metricRecord("m");
        return ["model", "cached", "seen"].map((name) => metrics.number(name));
      };
      assert.deepEqual(await handle(1n), [1, 1, 1]);
      // Another run, while the first continues with its own variables.
      assert.deepEqual(await handle(2n), [1, 1, 1]);
      assert.deepEqual(await handle(1n), [2, 1, 2]);
      assert.deepEqual(await handle(2n), [2, 1, 2]);
      // At the same time.
      assert.deepEqual(await Promise.all([handle(1n), handle(3n)]), [[3, 1, 3], [1, 1, 1]]);
      // After the run's end nothing is left, even if the same run id is used again.
      await live.end("1");
      assert.deepEqual(await handle(1n), [1, 1, 1]);
    },
  );
}

/** A created host, and whether it was ended. */
class FakeHost {
  ended = false;
  [Symbol.dispose](): void {
    this.ended = true;
  }
}

function fakes() {
  const made: FakeHost[] = [];
  const make = () => {
    const host = new FakeHost();
    made.push(host);
    return Promise.resolve(host as unknown as AppHost);
  };
  return { made, make, first: new FakeHost() };
}

Deno.test("one instance is kept ready, and is ended when it stays unused", async () => {
  const { made, make, first } = fakes();
  const clock = new FakeClock();
  using pool = new AppPool(first as unknown as AppHost, make, clock);
  const warm = async () => {
    pool.warm();
    await clock.advance(WARM_AFTER_SECONDS);
  };
  await warm();
  assert.equal(made.length, 0, "the first one is ready");
  assert.equal(await pool.acquire(), first);
  pool.warm();
  await clock.advance(WARM_AFTER_SECONDS / 2);
  pool.warm();
  await clock.advance(WARM_AFTER_SECONDS / 2);
  assert.equal(made.length, 0, "while there is something to do it has time");
  await warm();
  await warm();
  assert.equal(made.length, 1);
  assert.equal(await pool.acquire(), made[0]);
  assert.equal(await pool.acquire(), made[1], "without a spare one is made");
  await warm();
  await clock.advance(SPARE_SECONDS);
  await eventually(() => made[2]!.ended, PATIENCE, "the end of the spare");
  assert.deepEqual(made.map(({ ended }) => ended), [false, false, true]);
});

/** An app that trains with its first message, and replies whether it found anything of an earlier run. */
const TRAINING_APP = `
import { ClientApp, dense, meanSquaredError, MetricRecord, Model, sgd, tensor } from "flwr";
export const app = new ClientApp().train(async () => {
  await using model = new Model({
    network: dense({ name: "fc", in: 2, out: 1 }),
    input: { shape: [2], dtype: "float32" },
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 0.1 }),
  });
  const x = tensor("float32", [4, 2], new Float32Array([1, 0, 0, 1, 1, 1, 0, 0]));
  const data = { x, y: tensor("float32", [4, 1], new Float32Array(4)) };
  const { losses } = await model.fit(data, { shuffle: false });
  return { m: new MetricRecord({ loss: losses[0], names: Object.keys(globalThis).length }) };
});
`;

/** Number of this process' children with ONNX Runtime; 0 if the system does not report that. */
function engines(): number {
  if (Deno.build.os !== "linux") return 0;
  const processes = [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name));
  return processes.filter(({ name: pid }) => {
    try {
      const [, parent] = /\) \S (\d+) /.exec(Deno.readTextFileSync(`/proc/${pid}/stat`))!;
      return Number(parent) === Deno.pid &&
        Deno.readTextFileSync(`/proc/${pid}/maps`).includes("libonnxruntime");
    } catch {
      return false; // it has ended
    }
  }).length;
}

testWithAllRights(
  "the spare of an app that trains is prepared for training, and computes the same",
  async () => {
    await using folder = await TempDir.make();
    await Deno.writeTextFile(`${folder.path}/client.ts`, TRAINING_APP);
    const { first, make } = await PLACES["that a run brings"]!(folder.path);
    const asked: boolean[] = [];
    const clock = new FakeClock();
    await using live = new WarmApps<AppHost>(3);
    using pool = new AppPool(first, (trains) => (asked.push(trains), make(trains)), clock);
    const handler = instancePerRun(live, pool);
    const handle = async (runId: bigint) => {
      const signal = new AbortController().signal;
      const { reply, trained } = await handler.handle(INSTRUCTION, contextOf(runId), signal);
      const metrics = reply.content.metricRecord("m");
      return [trained, metrics.number("loss"), metrics.number("names")];
    };
    const before = await handle(1n);
    assert.equal(before[0], true);
    assert.equal(engines(), Deno.build.os === "linux" ? 1 : 0);
    await clock.advance(WARM_AFTER_SECONDS);
    // The spare has an engine before it is used by a run.
    if (Deno.build.os === "linux") await eventually(() => engines() === 2, PATIENCE, "an engine");
    assert.deepEqual(await handle(2n), before);
    assert.deepEqual(await handle(3n), before);
    assert.deepEqual(asked, [true, false], "where a message waits, nothing comes before the app");
  },
);

Deno.test("a first instance that no run uses is ended, if the pool may not keep it", async () => {
  const { made, make, first } = fakes();
  const clock = new FakeClock();
  using pool = new AppPool(first as unknown as AppHost, make, clock, SPARE_SECONDS);
  await clock.advance(SPARE_SECONDS - 1);
  assert.ok(!first.ended);
  await clock.advance(1);
  await eventually(() => first.ended, PATIENCE, "the end of the first one");
  assert.equal(await pool.acquire(), made[0]);
  const other = fakes();
  using keeping = new AppPool(other.first as unknown as AppHost, other.make, clock);
  await clock.advance(100 * SPARE_SECONDS);
  assert.equal(await keeping.acquire(), other.first);
});

Deno.test("the spare of an app that does not train uses no memory for training", async () => {
  const { make, first } = fakes();
  const asked: boolean[] = [];
  const clock = new FakeClock();
  const remember: MakeInstance = (trains) => (asked.push(trains), make());
  using pool = new AppPool(first as unknown as AppHost, remember, clock);
  await pool.acquire();
  for (const trained of [false, true, false]) {
    pool.warm(trained);
    await clock.advance(WARM_AFTER_SECONDS);
    await pool.acquire();
  }
  assert.deepEqual(asked, [false, true, true]);
});

Deno.test("instances end with the pool, and none are started afterwards", async () => {
  const { made, make, first } = fakes();
  const pool = new AppPool(first as unknown as AppHost, make, new FakeClock());
  pool[Symbol.dispose]();
  await eventually(() => first.ended, PATIENCE, "the end of the first one");
  const clock = new FakeClock();
  const second = new AppPool(await make(), make, clock);
  await second.acquire();
  second.warm();
  await clock.advance(WARM_AFTER_SECONDS);
  second.warm();
  second[Symbol.dispose]();
  await eventually(() => made[1]!.ended, PATIENCE, "the end of the spare");
  await clock.advance(WARM_AFTER_SECONDS);
  assert.equal(made.length, 2);
});

Deno.test("an app that cannot be started gives an error reply without its paths, whatever the reason", async () => {
  const first = new FakeHost() as unknown as AppHost;
  const refused = () => Promise.reject(new FlwrError("permission-denied", "/data/anna is a link"));
  await using live = new WarmApps<AppHost>(1);
  using pool = new AppPool(first, refused, new FakeClock());
  await pool.acquire();
  const handled = instancePerRun(live, pool).handle(
    INSTRUCTION,
    contextOf(1n),
    new AbortController().signal,
  );
  const error = await handled.catch((error) => error);
  assert.ok(error instanceof RunRefused);
  assert.equal(error.code, MessageErrorCode.LoadClientApp);
  assert.doesNotMatch(error.failure.summary, /anna/);
});

Deno.test("a spare that failed to start does not make the next run fail", async () => {
  const clock = new FakeClock();
  const host = { [Symbol.dispose]: () => {} } as unknown as AppHost;
  let failing = true;
  let made = 0;
  const make = () => {
    made += 1;
    return failing
      ? Promise.reject(new FlwrError("unavailable", "Too many open files"))
      : Promise.resolve(host);
  };
  using pool = new AppPool(host, make, clock);
  await pool.acquire();
  pool.warm();
  await clock.advance(WARM_AFTER_SECONDS);
  assert.equal(made, 1);
  failing = false;
  assert.equal(await pool.acquire(), host);
});
