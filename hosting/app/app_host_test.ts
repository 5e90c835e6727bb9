import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigRecord } from "../../app/config_record.ts";
import type { Context } from "../../app/context.ts";
import { Message } from "../../app/message.ts";
import { RecordDict } from "../../app/record_dict.ts";
import type { ComputeSettings } from "../../ml/engine/compute.ts";
import { WorkerEngine } from "../../ml/session/worker_engine.ts";
import { findAppModule } from "./app_module.ts";
import { AppCrashed, AppHost } from "./app_host.ts";

const COMPUTE = new URL("../../ml/engine/compute.ts", import.meta.url).href;

const APP = `
import { ClientApp, MetricRecord } from "flwr";
import { currentCompute } from ${JSON.stringify(COMPUTE)};
const compute = currentCompute(); // Seen while the app is loaded.
let handled = 0;
export const app = new ClientApp()
  .train((message, context) => {
    handled += 1;
    const config = message.content.configRecord("config");
    switch (config.string("do", "reply")) {
      case "throw": throw new Error("no such file");
      case "exit": Deno.exit(3);
      case "close": self.close(); return new Promise(() => {});
      case "stray": setTimeout(() => { throw new TypeError("stray"); }); return new Promise(() => {});
      case "hang": return new Promise(() => {});
    }
    context.state.set("handled", new MetricRecord({ handled }));
    const same = Number(compute === context.compute && compute === currentCompute());
    using slot = compute.register();
    return { metrics: new MetricRecord({ handled, same, threads: slot.threads() }) };
  });
`;

function context(state = new RecordDict()): Context {
  return {
    runId: 1n,
    nodeId: 2n,
    nodeConfig: new ConfigRecord(),
    state,
    runConfig: new ConfigRecord(),
  };
}

function message(what: string): Message {
  return Message.create({
    content: { config: new ConfigRecord({ do: what }) },
    dstNodeId: 2n,
    messageType: "train",
  });
}

async function withHost(
  test: (host: AppHost) => Promise<void>,
  compute?: ComputeSettings,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "client.ts"), APP);
    using host = await AppHost.start(await findAppModule("client:app", folder), compute);
    await test(host);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const never = new AbortController().signal;

Deno.test("an app stays loaded between messages and gets its state", async () => {
  await withHost(async (host) => {
    await host.handle(message("reply"), context(), never);
    const { reply, state } = await host.handle(message("reply"), context(), never);
    assert.equal(reply.content.metricRecord("metrics").number("handled"), 2);
    assert.equal(state.metricRecord("handled").number("handled"), 2);
  });
});

Deno.test("an error that a handler throws becomes an error reply, and the app stays loaded", async () => {
  await withHost(async (host) => {
    const { reply, failure } = await host.handle(message("throw"), context(), never);
    assert.match(reply.error!.reason, /no such file/);
    assert.match(failure!.summary, /^Error at client\.ts:11:\d+; /);
    assert.match(failure!.details, /^Error: no such file\n +at .*client\.ts:11:\d+/);
    const next = await host.handle(message("reply"), context(), never);
    assert.equal(next.reply.content.metricRecord("metrics").number("handled"), 2);
  });
});

Deno.test("compute settings reach the app, also in a fresh worker", async () => {
  const threads = async (host: AppHost) => {
    const { reply } = await host.handle(message("reply"), context(), never);
    const metrics = reply.content.metricRecord("metrics");
    assert.equal(metrics.number("same"), 1);
    return metrics.number("threads");
  };
  await withHost(async (host) => {
    assert.equal(await threads(host), 5);
    await assert.rejects(host.handle(message("exit"), context(), never), AppCrashed);
    assert.equal(await threads(host), 5);
  }, { threads: 5, device: "cpu" });
  await withHost(async (host) => assert.ok(await threads(host) >= 1));
});

Deno.test("an app is not loaded when the device cannot be used", async () => {
  const device = "cuda" as const;
  await using engine = new WorkerEngine(1, device);
  const missing = await engine.read([]).then(() => undefined, (error) => error);
  const loaded = withHost(() => Promise.resolve(), { device });
  if (missing === undefined) return await loaded;
  await assert.rejects(loaded, { code: "failed-precondition", message: missing.message });
});

const TOLD: Readonly<Record<string, RegExp>> = {
  exit: /^The ClientApp called Deno\.exit\(3\)$/,
  close: /^The ClientApp closed its worker$/,
  stray: /^TypeError at client\.ts:14:\d+; /,
};

for (const what of Object.keys(TOLD)) {
  Deno.test(`an app that ends its worker (${what}) is reported as crashed, and loaded again`, async () => {
    await withHost(async (host) => {
      const crash = await host.handle(message(what), context(), never).catch((error) => error);
      assert.ok(crash instanceof AppCrashed);
      assert.match(crash.failure.summary, TOLD[what]!);
      const { reply } = await host.handle(message("reply"), context(), never);
      assert.equal(reply.content.metricRecord("metrics").number("handled"), 1);
    });
  });
}

Deno.test("a stopped node does not wait for its app", async () => {
  await withHost(async (host) => {
    const stopping = new AbortController();
    const handled = host.handle(message("hang"), context(), stopping.signal);
    stopping.abort();
    await assert.rejects(handled, { name: "AbortError" });
  });
});
