/**
 * The thread of a sandbox in which the ServerApp of a submitted run runs (see sandbox/run_sandbox.ts). It is started
 * before its app is known, with its permissions already fixed. It calls the SuperLink's Runtime API by posting messages.
 */
import { isServerApp } from "../../../../app/server_app.ts";
import { configFromTransferable } from "../../../../app/transferable.ts";
import { FlwrError } from "../../../../base/error.ts";
import { ArtifactUpload } from "../../../../rpc/dialects/current/client/artifact_upload.ts";
import { EventUpload } from "../../../../rpc/dialects/current/client/event_upload.ts";
import { CheckpointTransfer } from "../../../../rpc/dialects/current/client/checkpoint_transfer.ts";
import { RuntimeClient } from "../../../../rpc/dialects/current/client/runtime_client.ts";
import { NodeWorkClient } from "../../../../rpc/dialects/current/client/node_work_client.ts";
import { RuntimeConnection } from "../../../../rpc/dialects/current/client/runtime_connection.ts";
import { PortChannel } from "../../../../rpc/port/channel.ts";
import { importApp } from "../../../app/import_app.ts";
import { catchCrashes } from "../../../app/catch_crashes.ts";
import { RunReport } from "../../../app/report.ts";
import { grantHints } from "../../../app/failure.ts";
import { runServerApp } from "../../../app/server_app.ts";
import { captureConsole } from "../../../app/capture_console.ts";
import { LineLog } from "./line_log.ts";
import type {
  AssignThreads,
  EndNodeThread,
  OpenNodeThread,
  OpenTrainer,
} from "../../../sandbox/wire/protocol.ts";
import type { NodeThreadHost } from "../../../simulation/thread_runner.ts";
import { SimulatedNodes } from "../../../simulation/simulated_nodes.ts";
import { SandboxCompute } from "../../../sandbox/wire/sandbox_compute.ts";
import type { PostedEvent, ServerAppCommand, WorkerJob } from "./worker_protocol.ts";
// The module that every app imports: loaded early, while nothing waits for it.
import "../../../../mod.ts";

/** Milliseconds for which an app's lines are collected into one batch of log. */
const LOG_FLUSH_MS = 100;

const scope = self as unknown as {
  postMessage(
    message: PostedEvent | OpenTrainer | OpenNodeThread | EndNodeThread,
    transfer?: Transferable[],
  ): void;
  onmessage: ((event: MessageEvent<ServerAppCommand | AssignThreads>) => void) | null;
};

// Bound before the app is loaded, because the app may replace the global function.
const post = scope.postMessage.bind(scope);
const encoder = new TextEncoder();
// As bytes, which travel in the frame's body and need no JSON parsing.
const lines = new LineLog(
  (lines) => post({ kind: "lines", text: encoder.encode(lines.join("")) }),
  LOG_FLUSH_MS,
);
const channel = new PortChannel((request, transfer) => post(request, transfer));

const sandbox = new SandboxCompute(post);
const threads: NodeThreadHost = {
  post: (request, transfer) => post(request, transfer),
  printed: (text) => lines.write(text),
};

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case "assign-threads":
      return sandbox.assignThreads(data.threads);
    case "run":
      return void run(data.job);
    case "stored":
      return lines.stored();
    default:
      return channel.handleResponse(data);
  }
};

async function run({ module, runId, runConfig, simulation }: WorkerJob): Promise<void> {
  try {
    // The SuperLink adds the run's token: it knows which process a call comes from.
    const client = new RuntimeClient(channel, "");
    const compute = sandbox.compute();
    const app = await importApp(module, isServerApp, "ServerApp", compute);
    const report = new RunReport((line) => lines.writeMessage(line));
    const config = configFromTransferable(runConfig);
    const work = new NodeWorkClient(channel);
    const nodes = simulation && await SimulatedNodes.start(
      { ...simulation, runId, runConfig: config },
      threads,
      (message, context, seed, signal) => work.run(message, context, seed, signal),
    );
    await runServerApp({
      app,
      compute,
      connection: nodes?.connection ?? new RuntimeConnection(client, runId),
      runConfig: config,
      artifactsOf: () => new ArtifactUpload(client),
      checkpointsOf: () => new CheckpointTransfer(client),
      eventsOf: () => new EventUpload(client),
      report,
      signal: client.ended,
      ...(nodes && { random: nodes.serverRandom, attachedState: nodes.connection }),
    });
    await nodes?.[Symbol.asyncDispose]();
    lines.flush();
    post({ kind: "completed", details: report.incomplete });
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  const { code, message, hints, cause } = FlwrError.from(error);
  // The stack of an error that the app itself threw shows the position in its code.
  if (code === "internal" && cause instanceof Error && cause.stack !== undefined) {
    lines.writeMessage(cause.stack);
  }
  lines.flush();
  post({ kind: "failed", message, hints: [...hints, ...grantHints(cause)] });
}

captureConsole(lines);
catchCrashes("ServerApp", fail);
post({ kind: "ready" });
