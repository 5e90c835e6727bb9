/**
 * The process of a sandboxed app. The app's code runs in a worker that may read its own folder and what the node's owner
 * granted, and nothing else; its models train in other threads. What permissions do not limit ends here, for this is a
 * process of its own, without the node's keys and environment: memory, signals, and what never ends by itself.
 */
import { write, writeSync } from "node:fs";
import { FlwrError } from "../../../base/error.ts";
import { type Failure, uncaught } from "../../app/failure.ts";
import type { FromWorker } from "../../app/worker_protocol.ts";
import { decodeFrames, encodeFrame, FRAMES_FD, MAX_FRAME_TEXT_BYTES } from "../wire/frame.ts";
import { checkSaid } from "../wire/checked_reply.ts";
import type { AssignThreads, Rehearse, SandboxStart, ToProcess } from "../wire/protocol.ts";
import { packSaid } from "../wire/packed_messages.ts";
import { Trainers } from "./trainers.ts";

/**
 * Milliseconds between two looks at how much memory the process takes. A thread touches about 1 GB of new memory a
 * second: so much may be taken beyond the limit, times the threads that do, times this.
 */
const MEMORY_CHECK_MILLISECONDS = 25;

/**
 * Most frames that may wait to be written by an app's process. Each of a ClientApp's answers a question, and one is asked
 * at a time; a ServerApp makes calls, as many at once as it likes within reason.
 */
const MAX_QUEUED_FRAMES = { ClientApp: 16, ServerApp: 1024 } as const;

/** Runs until the node closes the process' standard input, the app crashes, or takes too much memory. */
export async function runSandbox(): Promise<never> {
  const limits = { textBytes: MAX_FRAME_TEXT_BYTES.toApp };
  const frames = decodeFrames(Deno.stdin.readable, limits);
  const first = await frames.next();
  if (first.done) Deno.exit(0);
  const start = first.value.value as SandboxStart;
  const { memoryBytes, devices, prepareTrainer } = start;
  disarm();
  watchMemory(memoryBytes);
  const trainers = new Trainers({ memoryBytes, devices, failed: crash });
  const app = startApp(start, trainers);
  if (prepareTrainer) {
    trainers.prepare();
    const rehearse: Rehearse = { kind: "rehearse" };
    app.postMessage(rehearse);
  }
  for await (const { value, body } of frames) {
    const { threads, ...said } = value as ToProcess<object>;
    const assign: AssignThreads = { kind: "assign-threads", threads };
    trainers.assignThreads(threads);
    app.postMessage(assign);
    app.postMessage(said, body.byteLength > 0 ? [body] : []);
  }
  Deno.exit(0);
}

function startApp({ app: kind, worker, readable }: SandboxStart, trainers: Trainers): Worker {
  const app = new Worker(worker, {
    type: "module",
    name: kind,
    deno: {
      permissions: {
        read: [...readable],
        write: false,
        net: false,
        env: false,
        run: false,
        ffi: false,
        sys: false,
        import: false,
      },
    },
  });
  const say = queuedFrames(
    MAX_QUEUED_FRAMES[kind],
    kind === "ClientApp"
      ? (said) => packSaid(checkSaid(said), trainers.used)
      // It posts nothing large but bytes.
      : (said) => said,
  );
  app.onmessage = ({ data, ports }: MessageEvent<unknown>) => {
    const asks = typeof data === "object" && data !== null && "kind" in data &&
      data.kind === "open-trainer";
    if (!asks) say(data);
    else if (ports[0] !== undefined) trainers.open(data, ports[0]);
  };
  app.onmessageerror = () => crash("it says what cannot be read");
  app.onerror = (event) => {
    event.preventDefault();
    crash(event.message, uncaught(event.message));
  };
  return app;
}

/** Gives up what the process has by its command line and does not need: a debugger in it would find nothing more. */
function disarm(): void {
  for (const name of ["net", "run", "import", "sys"] as const) {
    Deno.permissions.revokeSync({ name });
  }
  // Any thread may send signals to its own process, and this one would open a debugger's port.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGUSR1", () => {});
}

function watchMemory(limit: number): void {
  setInterval(() => {
    const { rss } = Deno.memoryUsage();
    if (rss > limit) {
      crash(
        `it took ${Math.round(rss / 1024 ** 2)} MiB of memory: it may take ${
          Math.round(limit / 1024 ** 2)
        }`,
      );
    }
  }, MEMORY_CHECK_MILLISECONDS);
}

/**
 * Ends the process at once, with a last word to the node.
 *
 * @param failure what an app threw; without it the reason holds nothing of the app
 */
function crash(reason: string, failure?: Failure): never {
  const last: FromWorker = { kind: "crashed", reason, ...(failure && { failure }) };
  for (const piece of encodeFrame(last)) writeSync(FRAMES_FD, piece);
  Deno.exit(1);
}

/**
 * Writes frames one after the other. An app that says more than it was asked for is not waited for.
 *
 * @param pack makes what is sent of what the app's thread posts; throws FlwrError where it must not be sent
 */
function queuedFrames(
  limit: number,
  pack: (said: unknown) => unknown,
): (value: unknown) => void {
  let queue = Promise.resolve();
  let queued = 0;
  return (value) => {
    queued += 1;
    if (queued > limit) crash("it says what nobody asked for");
    queue = queue.then(async () => {
      let pieces;
      try {
        pieces = encodeFrame(pack(value));
      } catch (error) {
        crash(`it does not keep to the protocol: ${FlwrError.from(error).message}`);
      }
      for (const piece of pieces) await writeWhole(piece);
      queued -= 1;
    });
    // The node is gone.
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
