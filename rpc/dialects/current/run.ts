import { create } from "@bufbuild/protobuf";
import type { RunInfo } from "../../../app/connection.ts";
import { NO_ACCOUNT } from "../../../entities/account.ts";
import type { LinkRun } from "../../../entities/run.ts";
import { type Run, RunSchema } from "../../../proto/gen/current/run_pb.ts";
import { isoTime } from "./iso_time.ts";
import { configFromWire, scalarsToWire } from "./scalar.ts";

/** Task type of ServerApps. */
export const SERVERAPP_TASK_TYPE = "flwr-serverapp";

/** Task type of runs whose nodes are simulated (Flower 1.42). */
export const SIMULATION_TASK_TYPE = "flwr-simulation";

/** Converts a run to protobuf. */
export function runToWire(run: LinkRun): Run {
  const [status = "", subStatus = ""] = run.state.split(":");
  return create(RunSchema, {
    runId: run.runId,
    fabId: run.fabId,
    fabVersion: run.fabVersion,
    overrideConfig: scalarsToWire(run.overrideConfig),
    fabHash: run.fabHash,
    pendingAt: isoTime(run.pendingAt),
    startingAt: isoTime(run.startingAt),
    runningAt: isoTime(run.runningAt),
    finishedAt: isoTime(run.finishedAt),
    status: { status, subStatus, details: run.details },
    flwrAid: run.ownerId ?? NO_ACCOUNT.id,
    federation: run.federation,
    bytesSent: BigInt(run.bytesSent),
    bytesRecv: BigInt(run.bytesReceived),
    clientappRuntime: run.clientAppSeconds,
    primaryTaskType: run.simulation === undefined ? SERVERAPP_TASK_TYPE : SIMULATION_TASK_TYPE,
    primaryTaskId: run.taskId,
    seriesId: run.seriesId,
    accountName: run.ownerName ?? NO_ACCOUNT.name,
  });
}

/**
 * Reads the fields of a run that a node or an app needs. @throws FlwrError "invalid-argument" for a setting without a
 * type
 */
export function runInfoFromWire(run: Run): RunInfo {
  const { runId, fabId, fabVersion, fabHash, seriesId } = run;
  return {
    runId,
    fabId,
    fabVersion,
    fabHash,
    seriesId,
    overrideConfig: configFromWire(run.overrideConfig),
  };
}
