// The other side of WorkerEngine: an engine in a thread of its own, which takes calls in order.
import { parentPort, workerData } from "node:worker_threads";
import { type Engine, LocalEngine } from "./engine.ts";
import {
  type Call,
  handedOver,
  type Outcome,
  pack,
  type Reply,
  reportError,
  type Request,
  unpack,
  type WorkerData,
} from "./protocol.ts";

const NOTHING: Outcome = {};

async function answer(started: Promise<Engine>, call: Call): Promise<Outcome> {
  if (call.method === "close") {
    // What could not be started need not be closed.
    const engine = await started.catch(() => undefined);
    await engine?.[Symbol.asyncDispose]();
    return NOTHING;
  }
  const engine = await started;
  switch (call.method) {
    case "use-threads":
      await engine.useThreads(call.threads);
      return NOTHING;
    case "load":
      await engine.load(call.key, new Uint8Array(call.model));
      return NOTHING;
    case "unload":
      await engine.unload(call.key);
      return NOTHING;
    case "write":
      await engine.write(call.tensors.map(([name, value]) => [name, unpack(value)]));
      return NOTHING;
    case "forget":
      await engine.forget(call.names);
      return NOTHING;
    case "read":
      return { tensors: (await engine.read(call.names)).map(pack) };
    case "run": {
      const given = call.run.given.map(([name, value]) => [name, unpack(value)] as const);
      const { returned, seconds } = await engine.run({ ...call.run, given });
      return { tensors: returned.map(pack), seconds };
    }
  }
}

const { threads, device } = workerData as WorkerData;
const engine = LocalEngine.create(threads, device);
engine.catch(() => {}); // Reported to each call.

parentPort!.on("message", async ({ id, call }: Request) => {
  let reply: Reply;
  try {
    reply = { id, outcome: await answer(engine, call) };
  } catch (error) {
    reply = { id, error: reportError(error) };
  }
  const handed = "outcome" in reply ? handedOver(reply.outcome.tensors ?? []) : [];
  parentPort!.postMessage(reply, handed);
});
