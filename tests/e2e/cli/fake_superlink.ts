import type { MessageShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import {
  type Control,
  ListRunsResponseSchema,
  RegisterNodeResponseSchema,
  type StartRunRequestSchema,
  StartRunResponseSchema,
  StopRunResponseSchema,
  StreamLogsResponseSchema,
} from "../../../proto/gen/current/control_pb.ts";
import { RunSchema } from "../../../proto/gen/current/run_pb.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import type { RpcServer } from "../../../rpc/server.ts";
import type { ServiceHandlers } from "../../../rpc/service.ts";
import { bindControl, serveGrpc, serveHttp } from "../../../rpc/testing/control.ts";

/** A run's id, as large as ids are. */
export const RUN_ID = 15950113740962349189n;

/** What a fake SuperLink was asked. */
export interface Asked {
  readonly submissions: MessageShape<typeof StartRunRequestSchema>[];
  readonly publicKeys: string[];
  readonly limits: (bigint | undefined)[];
  /** What was asked in the order of asking: "expect" for the announcement of a submission, "start" for one. */
  readonly order: ("expect" | "start")[];
}

/** The time that it says it is. */
const NOW = "2026-11-23T15:55:40+00:00";

/** A SuperLink that has one run, which ends as a test says. */
export interface FakeSuperLink extends AsyncDisposable {
  /** "host:port". */
  readonly address: string;
  readonly asked: Asked;
}

/** What a fake SuperLink is to do. */
export interface FakeOptions {
  /** What it speaks; default: today's HTTP. */
  readonly wire?: "http" | "grpc";
  /** How its run ends: "completed", "failed" or "stopped"; default: it does not. */
  readonly subStatus?: string;
  /** Why; default: "It broke" for one that failed, else nothing. */
  readonly details?: string;
  /** Pieces of the run's log. Without an end of the run the stream stays open after them. */
  readonly log?: readonly string[];
  /** Whether the run's log goes on and on: a line for each second, from one before the SuperLink's time. */
  readonly chatty?: boolean;
}

/** Starts a SuperLink that answers the calls of Control without doing anything. */
export async function startFakeSuperLink(options: FakeOptions = {}): Promise<FakeSuperLink> {
  const asked: Asked = { submissions: [], publicKeys: [], limits: [], order: [] };
  const binding = bindControl(handlers(options, asked));
  const server: RpcServer = options.wire === "grpc"
    ? await serveGrpc(binding)
    : await serveHttp(binding);
  return {
    address: server.address,
    asked,
    [Symbol.asyncDispose]: () => server.close(0),
  };
}

function handlers(
  {
    subStatus,
    details = subStatus === "failed" ? "It broke" : "",
    log = [],
    chatty = false,
  }: FakeOptions,
  asked: Asked,
): Partial<ServiceHandlers<typeof Control, string>> {
  const run = create(RunSchema, {
    runId: RUN_ID,
    fabId: "tester/app",
    fabVersion: "1.0.0",
    federation: "@none/default",
    status: subStatus === undefined
      ? { status: "running" }
      : { status: "finished", subStatus, details },
    pendingAt: "2026-11-23T15:55:27+00:00",
    runningAt: "2026-11-23T15:55:30+00:00",
  });
  const known = (runId: bigint) => {
    if (runId !== RUN_ID) throw new ApiError("run-not-found", "Run ID not found.");
  };
  return {
    startRun: (request) => {
      asked.submissions.push(request);
      asked.order.push("start");
      const { federation } = request;
      return Promise.resolve(create(StartRunResponseSchema, { runId: RUN_ID, federation }));
    },
    listRuns: ({ runId, limit, submits }) => {
      if (submits) asked.order.push("expect");
      else asked.limits.push(limit);
      if (runId !== undefined) known(runId);
      return Promise.resolve(create(ListRunsResponseSchema, {
        runDict: { [String(RUN_ID)]: run },
        now: NOW,
      }));
    },
    stopRun: ({ runId }) => {
      known(runId);
      if (subStatus !== undefined) throw new ApiError("run-already-finished", "It is over.");
      return Promise.resolve(create(StopRunResponseSchema, { success: true }));
    },
    registerNode: ({ publicKey }) => {
      asked.publicKeys.push(new TextDecoder().decode(publicKey));
      return Promise.resolve(create(RegisterNodeResponseSchema, { nodeId: 2n ** 63n }));
    },
    async *streamLogs({ runId }, call) {
      known(runId);
      for (const [index, logOutput] of log.entries()) {
        yield create(StreamLogsResponseSchema, { logOutput, latestTimestamp: index + 1 });
      }
      const now = Date.parse(NOW) / 1000;
      for (let second = -1; chatty && !call.signal.aborted; second++) {
        const logOutput = `second ${second}\n`;
        yield create(StreamLogsResponseSchema, { logOutput, latestTimestamp: now + second });
        // A fixed time: the pace of a log that never rests.
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      if (subStatus === undefined) await aborted(call.signal);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
