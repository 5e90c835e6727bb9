import { FlwrError } from "../../base/error.ts";
import { itemSize } from "../../tensor/dtype.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { answerCall } from "./answer_call.ts";
import { checkRequest } from "./checked_call.ts";
import type { Engine } from "./engine.ts";
import { type EngineCall, type FromTrainer, handedOver, reportError } from "./protocol.ts";

/** Most calls from there that may wait for their answer: a model never has more than a few under way. */
export const MAX_WAITING_CALLS = 64;

/** Most models from there that are open at once: one for each kind of step of one network. */
export const MAX_OPEN_MODELS = 64;

/** What somebody who is not trusted may have an engine do. */
export interface EngineGuard {
  /** Checks a model: returns the bytes to open in its place. @throws FlwrError when it must not be run */
  admit(model: Uint8Array): Uint8Array<ArrayBuffer>;
  /** The most threads that may compute now. */
  threads(): number;
  /** Most bytes of tensors that may be put into the engine's memory and be there at once. */
  readonly memoryBytes: number;
}

/**
 * Answers the calls of a `PortEngine` in a thread that is not trusted. A call that is refused is answered so; whoever
 * speaks another protocol, or does not wait for answers, is not answered any more.
 *
 * @param started what computes
 * @param ended called once, when no more calls are answered and the engine is closed
 */
export function serveEngine(
  port: MessagePort,
  started: Promise<Engine>,
  guard: EngineGuard,
  ended: () => void,
): void {
  started.catch(() => {}); // Reported to each call.
  const ledger = new Ledger(guard);
  let waiting = 0;
  let open = true;
  const end = async () => {
    if (!open) return;
    open = false;
    port.close();
    await answerCall(started, { method: "close" }).catch(() => {});
    ended();
  };
  const say = (said: FromTrainer, handed: ArrayBuffer[] = []) => {
    if (open) port.postMessage(said, handed);
  };
  const refuse = (error: unknown) => {
    say({ refused: reportError(error) });
    return end();
  };
  port.onmessageerror = () => refuse(new FlwrError("invalid-argument", "A call cannot be read"));
  port.onmessage = async ({ data }: MessageEvent<unknown>) => {
    if (!open) return;
    if (waiting >= MAX_WAITING_CALLS) {
      return await refuse(
        new FlwrError("resource-exhausted", `More than ${MAX_WAITING_CALLS} calls wait`),
      );
    }
    let request;
    try {
      request = checkRequest(data);
    } catch (error) {
      return await refuse(error);
    }
    const { id, call } = request;
    waiting += 1;
    try {
      const outcome = await answerCall(started, ledger.admit(call));
      say({ id, outcome }, handedOver(outcome.tensors ?? []));
    } catch (error) {
      say({ id, error: reportError(error) });
    } finally {
      waiting -= 1;
    }
    if (call.method === "close") await end();
  };
}

/** Keeps account of what an engine was given. */
class Ledger {
  readonly #guard: EngineGuard;
  readonly #models = new Set<string>();
  readonly #tensors = new Map<string, number>();
  #bytes = 0;

  constructor(guard: EngineGuard) {
    this.#guard = guard;
  }

  /** The call to make for one that was asked for. @throws FlwrError when it goes too far */
  admit(call: EngineCall): EngineCall {
    switch (call.method) {
      case "use-threads":
        return { ...call, threads: Math.min(call.threads, this.#guard.threads()) };
      case "load": {
        const model = this.#guard.admit(new Uint8Array(call.model));
        this.#models.add(call.key);
        if (this.#models.size <= MAX_OPEN_MODELS) return { ...call, model: model.buffer };
        this.#models.delete(call.key);
        throw new FlwrError("resource-exhausted", `More than ${MAX_OPEN_MODELS} models are open`);
      }
      case "unload":
        this.#models.delete(call.key);
        return call;
      case "write":
        for (const [name, { dtype, shape }] of call.tensors) {
          this.#put(name, elementCount(shape) * itemSize(dtype));
        }
        return call;
      case "forget":
        for (const name of call.names) this.#remove(name);
        return call;
      case "read":
      case "run":
      case "close":
        return call;
    }
  }

  #put(name: string, bytes: number): void {
    this.#remove(name);
    if (this.#bytes + bytes > this.#guard.memoryBytes) {
      throw new FlwrError(
        "resource-exhausted",
        `Tensors take more than ${this.#guard.memoryBytes} bytes of the trainer's memory`,
        { hints: ["Train on fewer examples at once"] },
      );
    }
    this.#bytes += bytes;
    this.#tensors.set(name, bytes);
  }

  #remove(name: string): void {
    this.#bytes -= this.#tensors.get(name) ?? 0;
    this.#tensors.delete(name);
  }
}
