import { PortEngine } from "../../ml/engine/port_engine.ts";
import { setStartEngine } from "../../ml/session/start_engine.ts";
import type { OpenTrainer } from "./protocol.ts";

/** Has models in this thread train with the trainers of its sandbox: each engine gets one, and a line to it. */
export function openTrainersBy(
  post: (asked: OpenTrainer, transfer: Transferable[]) => void,
): void {
  setStartEngine(({ threads, device }) => {
    const { port1, port2 } = new MessageChannel();
    post({ kind: "open-trainer", threads, device }, [port2]);
    return Promise.resolve(new PortEngine(port1));
  });
}
