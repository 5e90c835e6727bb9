import type { Engine } from "./engine.ts";
import { type EngineCall, type Outcome, pack, unpack } from "./protocol.ts";

const NOTHING: Outcome = {};

/**
 * Has an engine do what a call says.
 *
 * @param started the engine; what could not be started need not be closed
 * @returns what the call came to, ready to be sent
 */
export async function answerCall(started: Promise<Engine>, call: EngineCall): Promise<Outcome> {
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
