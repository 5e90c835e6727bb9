/**
 * The thread of a sandbox in which the ServerApp of a submitted app runs (see sandbox/run_sandbox.ts). It is started before
 * its app is known; what it may do is fixed by then. Its line to the nodes is the SuperLink, by messages.
 */
import { isServerApp } from "../../../../app/server_app.ts";
import { configFromTransferable } from "../../../../app/transferable.ts";
import { FlwrError } from "../../../../base/error.ts";
import { ArtifactUpload } from "../../../../rpc/dialects/current/client/artifact_upload.ts";
import { RuntimeClient } from "../../../../rpc/dialects/current/client/runtime_client.ts";
import { RuntimeConnection } from "../../../../rpc/dialects/current/client/runtime_connection.ts";
import { PortChannel } from "../../../../rpc/port/channel.ts";
import { importApp } from "../../../app/app_module.ts";
import { catchCrashes } from "../../../app/catch_crashes.ts";
import { RunReport } from "../../../app/report.ts";
import { runServerApp } from "../../../app/server_app.ts";
import { captureConsole, LineLog } from "./line_log.ts";
import type { AssignThreads, OpenTrainer } from "../../../sandbox/wire/protocol.ts";
import { SandboxCompute } from "../../../sandbox/process/sandbox_compute.ts";
import type { Posted, ToWorker, WorkerJob } from "./worker_protocol.ts";
// What every app imports: loaded while nothing waits for it.
import "../../../../mod.ts";

/** Milliseconds for which lines of an app are gathered before they go to the log together. */
const LOG_FLUSH_MS = 100;

const scope = self as unknown as {
  postMessage(message: Posted | OpenTrainer, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker | AssignThreads>) => void) | null;
};

// Taken before the app is loaded: it may replace the global one, and then has only itself to listen to.
const post = scope.postMessage.bind(scope);
const encoder = new TextEncoder();
// As bytes, which the SuperLink takes without parsing. Each line ends with its end.
const lines = new LineLog(
  (lines) => post({ kind: "lines", text: encoder.encode(lines.join("")) }),
  LOG_FLUSH_MS,
);
const channel = new PortChannel((request, transfer) => post(request, transfer));

const sandbox = new SandboxCompute(post);

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case "assign-threads":
      return sandbox.assignThreads(data.threads);
    case "run":
      return void run(data.job);
    case "stored":
      return lines.stored();
    default:
      return channel.hear(data);
  }
};

async function run({ module, runId, runConfig }: WorkerJob): Promise<void> {
  try {
    // Its calls need no token of their own: the SuperLink knows which worker they come from.
    const client = new RuntimeClient(channel, "");
    const compute = sandbox.compute();
    const app = await importApp(module, isServerApp, "ServerApp", compute);
    const report = new RunReport((line) => lines.writeMessage(line));
    await runServerApp({
      app,
      compute,
      connection: new RuntimeConnection(client, runId),
      runConfig: configFromTransferable(runConfig),
      artifactsOf: () => new ArtifactUpload(client),
      report,
      signal: client.ended,
    });
    lines.flush();
    post({ kind: "completed", details: report.incomplete });
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  const { code, message, hints, cause } = FlwrError.from(error);
  // What the app threw itself: the stack says where.
  if (code === "internal" && cause instanceof Error && cause.stack !== undefined) {
    lines.writeMessage(cause.stack);
  }
  lines.flush();
  post({ kind: "failed", message, hints });
}

captureConsole(lines);
catchCrashes("ServerApp", fail);
post({ kind: "ready" });
