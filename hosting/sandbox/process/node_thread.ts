/**
 * A thread of a sandbox that runs the ClientApp for virtual nodes. It answers at the port that its first message
 * transfers. Its only permission is to read the paths that the ServerApp may read.
 */
import "../../../mod.ts";
import "./seeded_math.ts";
import { captureConsole } from "../../app/capture_console.ts";
import { serveApp } from "../../app/serve_app.ts";
import { sharingMemory } from "../../../base/shared_memory.ts";
import { packArrays } from "../wire/packed_arrays.ts";
import { unshared } from "../wire/shared_arrays.ts";
import type {
  NodeThreadCommand,
  NodeThreadEvent,
  OpenTrainer,
  PrepareTrainer,
} from "../wire/protocol.ts";
import { SandboxCompute } from "../wire/sandbox_compute.ts";
import { PortMemory } from "../wire/port_memory.ts";
import { ThreadFolding } from "../wire/thread_folding.ts";

const scope = self as unknown as {
  postMessage(message: OpenTrainer | PrepareTrainer, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
};

// Bound before the app is loaded, because the app may replace the global function.
const post = scope.postMessage.bind(scope);
const compute = new SandboxCompute(post, () => post({ kind: "prepare-trainer" }));

scope.onmessage = ({ ports: [port] }) => {
  if (port === undefined) return;
  const folding = new ThreadFolding();
  const tell = (given: NodeThreadEvent) => {
    const event = given.kind === "reply" ? folding.fold(given) : given;
    if (event.kind !== "reply" || event.message.content === undefined) {
      return port.postMessage(event);
    }
    const { records: content, buffer } = packArrays(event.message.content);
    const packed = { ...event, message: { ...event.message, content } };
    port.postMessage(packed, buffer === undefined ? [] : [buffer]);
  };
  captureConsole({ write: (text) => tell({ kind: "printed", text }) });
  const serve = serveApp(
    tell,
    (settings) => compute.compute(settings),
  );
  const memory = new PortMemory(tell);
  port.onmessage = ({ data }: MessageEvent<NodeThreadCommand>) => {
    if (data.kind === "memory") return memory.given(data.key, data.given);
    folding.expect(data);
    return sharingMemory(memory, () => {
      if (data.kind !== "handle" || data.message.content === undefined) return serve(data);
      const content = unshared(data.message.content);
      return serve({ ...data, message: { ...data.message, content } });
    });
  };
};
