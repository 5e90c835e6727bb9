import type { Engine } from "./engine.ts";
import { type CallOutcome, type EngineCall, packTensor, unpackTensor } from "./protocol.ts";

const NOTHING: CallOutcome = {};

/**
 * Carries out one call on an engine.
 *
 * @param started the engine; if it did not start, "close" has nothing to close
 * @returns the outcome of the call, packed for sending
 */
export async function answerCall(started: Promise<Engine>, call: EngineCall): Promise<CallOutcome> {
  if (call.method === "close") {
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
      await engine.write(call.tensors.map(([name, value]) => [name, unpackTensor(value)]));
      return NOTHING;
    case "forget":
      await engine.forget(call.names);
      return NOTHING;
    case "read":
      return { tensors: (await engine.read(call.names)).map(packTensor) };
    case "run": {
      const given = call.run.given.map(([name, value]) => [name, unpackTensor(value)] as const);
      const { returned, seconds } = await engine.run({ ...call.run, given });
      return { tensors: returned.map(packTensor), seconds };
    }
  }
}
