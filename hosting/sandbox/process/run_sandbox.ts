/**
 * The process of a sandboxed app. The app's code runs in a worker that may only read its own folder and the paths that
 * the node's owner granted. Its models train in other threads. Permissions do not limit memory, signals and endless
 * loops; they affect only this process, which has none of the node's keys and environment.
 */
import { write, writeSync } from "node:fs";
import { FlwrError } from "../../../base/error.ts";
import { type Failure, uncaughtFailure } from "../../app/failure.ts";
import type { ClientAppEvent } from "../../app/worker_protocol.ts";
import { decodeFrames, encodeFrame, FRAMES_FD, MAX_FRAME_TEXT_BYTES } from "../wire/frame.ts";
import { checkClientAppEvent } from "../wire/check_client_app_event.ts";
import type { AssignThreads, Rehearse, SandboxStart, WithThreads } from "../wire/protocol.ts";
import { packEvent } from "../wire/packed_messages.ts";
import { ignoreDebuggerSignal } from "./ignore_signal.ts";
import { startAppThread } from "./app_thread.ts";
import { NodeThreads } from "./node_threads.ts";
import { MAX_TRAINERS, Trainers } from "./trainers.ts";

/**
 * Milliseconds between two checks of the process' memory. A thread can allocate about 1 GB per second, so between two
 * checks each thread can exceed the limit by some 25 MB.
 */
const MEMORY_CHECK_MILLISECONDS = 25;

/**
 * Most frames that wait to be written by an app's process. A ClientApp sends one response per command, one at a time. A
 * ServerApp may have many calls open at once.
 */
const MAX_QUEUED_FRAMES = { ClientApp: 16, ServerApp: 1024 } as const;

/** Most threads for simulated nodes that are started before they are requested. */
const MAX_PREPARED_THREADS = 4;

/** Runs the sandbox until the node closes stdin, the app crashes, or the process exceeds its memory limit. */
export async function runSandbox(): Promise<never> {
  const limits = { textBytes: MAX_FRAME_TEXT_BYTES.toApp };
  const frames = decodeFrames(Deno.stdin.readable, limits);
  const first = await frames.next();
  if (first.done) Deno.exit(0);
  const start = first.value.value as SandboxStart;
  const { memoryBytes, devices, prepareTrainer, maxNodeThreads = 0 } = start;
  disarm();
  watchMemory(memoryBytes);
  const trainers = new Trainers({
    memoryBytes,
    devices,
    limit: MAX_TRAINERS * (1 + maxNodeThreads),
    failed: crash,
  });
  const nodes = new NodeThreads({
    limit: maxNodeThreads,
    readable: start.readable,
    openTrainer: (asked, port) => trainers.open(asked, port),
    prepareTrainer: () => trainers.prepareMore(),
  });
  const app = startApp(start, trainers, nodes);
  // They load while the ServerApp does.
  nodes.prepare(Math.min(navigator.hardwareConcurrency, MAX_PREPARED_THREADS));
  if (prepareTrainer) {
    trainers.prepare();
    const rehearse: Rehearse = { kind: "rehearse" };
    app.postMessage(rehearse);
  }
  for await (const { value, body } of frames) {
    const { threads, ...command } = value as WithThreads<object>;
    if (kindOf(command) === "run") nodes.runStarts();
    const assign: AssignThreads = { kind: "assign-threads", threads };
    trainers.assignThreads(threads);
    app.postMessage(assign);
    app.postMessage(command, body.byteLength > 0 ? [body] : []);
  }
  Deno.exit(0);
}

function startApp(
  { app: kind, worker, readable }: SandboxStart,
  trainers: Trainers,
  nodes: NodeThreads,
): Worker {
  const app = startAppThread(worker, kind, readable);
  const send = queuedFrames(
    MAX_QUEUED_FRAMES[kind],
    kind === "ClientApp"
      ? (event) => packEvent(checkClientAppEvent(event), trainers.used)
      // A ServerApp's large values are bytes already.
      : (event) => event,
  );
  app.onmessage = ({ data, ports }: MessageEvent<unknown>) => {
    switch (kindOf(data)) {
      case "open-trainer":
        if (ports[0] !== undefined) trainers.open(data, ports[0]);
        return;
      case "open-node-thread":
        if (ports[0] !== undefined && ports[1] !== undefined) nodes.open(data, ports[0], ports[1]);
        return;
      case "end-node-thread":
        return nodes.end(data);
      default:
        return send(data);
    }
  };
  app.onmessageerror = () => crash("it posts a value that cannot be read");
  app.onerror = (event) => {
    event.preventDefault();
    crash(event.message, uncaughtFailure(event.message));
  };
  return app;
}

function kindOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
}

/** Revokes permissions that the process does not need, so that a debugger attached to it could not use them. */
function disarm(): void {
  for (const name of ["net", "run", "import", "sys"] as const) {
    Deno.permissions.revokeSync({ name });
  }
  ignoreDebuggerSignal();
}

function watchMemory(limit: number): void {
  setInterval(() => {
    const { rss } = Deno.memoryUsage();
    if (rss > limit) {
      crash(
        `it used ${Math.round(rss / 1024 ** 2)} MiB of memory; its limit is ${
          Math.round(limit / 1024 ** 2)
        } MiB`,
      );
    }
  }, MEMORY_CHECK_MILLISECONDS);
}

/**
 * Reports a crash to the node and ends the process.
 *
 * @param failure the error of the app. Without it the reason contains nothing from the app
 */
function crash(reason: string, failure?: Failure): never {
  const last: ClientAppEvent = { kind: "crashed", reason, ...(failure && { failure }) };
  for (const piece of encodeFrame(last)) writeSync(FRAMES_FD, piece);
  Deno.exit(1);
}

/**
 * Returns a function that writes frames one after the other. An app that posts too many ends its process.
 *
 * @param pack turns a value that the app's thread posts into one to send, or throws FlwrError if it is invalid
 */
function queuedFrames(
  limit: number,
  pack: (value: unknown) => unknown,
): (value: unknown) => void {
  let queue = Promise.resolve();
  let queued = 0;
  return (value) => {
    queued += 1;
    if (queued > limit) crash("it posts values that were not requested");
    queue = queue.then(async () => {
      let pieces;
      try {
        pieces = encodeFrame(pack(value));
      } catch (error) {
        crash(`it violates the protocol: ${FlwrError.from(error).message}`);
      }
      for (const piece of pieces) await writeWhole(piece);
      queued -= 1;
    });
    // The node has ended.
    queue.catch(() => Deno.exit(1));
  };
}

async function writeWhole(bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    write(
      FRAMES_FD,
      bytes,
      written,
      bytes.length - written,
      null,
      (error, count) => error ? reject(error) : resolve(count),
    );
    written += await promise;
  }
}
