// The other end of WorkerEngine: an engine in a thread of its own, which answers calls in order.
import { parentPort, workerData } from "node:worker_threads";
import { answerCall } from "../engine/answer_call.ts";
import type { EngineRequest, WorkerData } from "../engine/protocol.ts";
import { Replies } from "../engine/replies.ts";
import { LocalEngine } from "./local_engine.ts";
import { flushDenormals } from "./flush_denormals.ts";

flushDenormals();
const { threads, device } = workerData as WorkerData;
const engine = LocalEngine.create(threads, device);
engine.catch(() => {}); // Reported to each call.

const replies = new Replies((answers, handed) => parentPort!.postMessage(answers, handed));
parentPort!.on("message", (requests: readonly EngineRequest[]) => {
  replies.answer(requests, ({ call }) => answerCall(engine, call));
});
