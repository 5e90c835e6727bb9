import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PullTaskInputResponseSchema } from "../../../../proto/gen/current/runtime_pb.ts";
import { NO_ACCOUNT } from "../../../../entities/account.ts";
import { SERVERAPP_TASK_TYPE, SIMULATION_TASK_TYPE } from "../run.ts";
import { simulationToWire } from "../simulation.ts";
import { scalarsToWire } from "../scalar.ts";
import type { RuntimeTask, TaskInput } from "./runtime_backend.ts";

/** Converts a task's input to protobuf. */
export function taskInputToWire(
  { taskId, runId, nodeId }: RuntimeTask,
  { run, fab, nodeConfig, runConfig, state }: TaskInput,
): MessageInitShape<typeof PullTaskInputResponseSchema> {
  const { fabId, fabVersion, fabHash, overrideConfig, federation, seriesId, simulation } = run;
  return {
    taskId,
    context: {
      runId,
      nodeId,
      nodeConfig: scalarsToWire(nodeConfig),
      runConfig: scalarsToWire(runConfig),
      state,
      seriesId,
    },
    run: {
      runId,
      fabId,
      fabVersion,
      fabHash,
      overrideConfig: scalarsToWire(overrideConfig),
      federation,
      seriesId,
      status: { status: "running" },
      primaryTaskType: simulation === undefined ? SERVERAPP_TASK_TYPE : SIMULATION_TASK_TYPE,
      flwrAid: run.ownerId ?? NO_ACCOUNT.id,
      accountName: run.ownerName ?? NO_ACCOUNT.name,
    },
    ...(simulation && { federationConfig: simulationToWire(simulation) }),
    fab: { hashStr: fab.hash, content: fab.content, verifications: { ...fab.verifications } },
  };
}
