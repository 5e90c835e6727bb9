import { FlwrError } from "../../base/error.ts";
import { itemSize } from "../../tensor/dtype.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { answerCall } from "./answer_call.ts";
import { checkRequest } from "./check_request.ts";
import type { Engine } from "./engine.ts";
import {
  type EngineCall,
  toErrorReport,
  type TrainerMessage,
  transferredBuffers,
} from "./protocol.ts";

/** Most unanswered calls of one client: a model never has more than a few pending. */
export const MAX_WAITING_CALLS = 64;

/** Most models that one client may have open at once: one for each kind of step of a network. */
export const MAX_OPEN_MODELS = 64;

/** Limits of an untrusted client of an engine. */
export interface EngineGuard {
  /** Checks a model and returns the bytes to open in its place. @throws FlwrError when the model must not run */
  admit(model: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Largest number of threads that the client may use now. */
  threads(): number;
  /** Most bytes of tensors that the client may have in the engine's memory at once. */
  readonly memoryBytes: number;
}

/**
 * Answers the calls of a `PortEngine` in an untrusted thread. A call beyond the limits gets an error as its answer. A
 * client that breaks the protocol, or sends too many calls without waiting for answers, is disconnected.
 *
 * @param started the engine, which may still be starting
 * @param ended called once, after the last answer, when the engine is closed
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
  const send = (message: TrainerMessage, handed: ArrayBuffer[] = []) => {
    if (open) port.postMessage(message, handed);
  };
  const refuse = (error: unknown) => {
    send({ refused: toErrorReport(error) });
    return end();
  };
  port.onmessageerror = () => refuse(new FlwrError("invalid-argument", "Malformed call"));
  port.onmessage = async ({ data }: MessageEvent<unknown>) => {
    if (!open) return;
    if (waiting >= MAX_WAITING_CALLS) {
      return await refuse(
        new FlwrError(
          "resource-exhausted",
          `More than ${MAX_WAITING_CALLS} calls wait for an answer`,
        ),
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
      send({ id, outcome }, transferredBuffers(outcome.tensors ?? []));
    } catch (error) {
      send({ id, error: toErrorReport(error) });
    } finally {
      waiting -= 1;
    }
    if (call.method === "close") await end();
  };
}

/** Counts what a client has open and stored. */
class Ledger {
  readonly #guard: EngineGuard;
  readonly #models = new Set<string>();
  readonly #tensors = new Map<string, number>();
  #bytes = 0;

  constructor(guard: EngineGuard) {
    this.#guard = guard;
  }

  /** Returns the call to make in place of a client's call. @throws FlwrError when the call exceeds a limit */
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
        `Tensors use more than ${this.#guard.memoryBytes} bytes of the trainer's memory`,
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
