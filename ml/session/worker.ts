// The other end of WorkerEngine: an engine in a thread of its own, which answers calls in order.
import { parentPort, workerData } from "node:worker_threads";
import { answerCall } from "../engine/answer_call.ts";
import { LocalEngine } from "./local_engine.ts";
import { flushDenormals } from "./flush_denormals.ts";
import {
  type EngineReply,
  type EngineRequest,
  toErrorReport,
  transferredBuffers,
  type WorkerData,
} from "../engine/protocol.ts";

flushDenormals();
const { threads, device } = workerData as WorkerData;
const engine = LocalEngine.create(threads, device);
engine.catch(() => {}); // Reported to each call.

parentPort!.on("message", async ({ id, call }: EngineRequest) => {
  let reply: EngineReply;
  try {
    reply = { id, outcome: await answerCall(engine, call) };
  } catch (error) {
    reply = { id, error: toErrorReport(error) };
  }
  const handed = "outcome" in reply ? transferredBuffers(reply.outcome.tensors ?? []) : [];
  parentPort!.postMessage(reply, handed);
});
