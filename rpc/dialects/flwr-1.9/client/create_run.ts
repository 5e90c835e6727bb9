import type { RunId } from "../../../../entities/metadata.ts";
import { Driver } from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import type { Channel } from "../../../channel.ts";
import { CALL_DEADLINE_SECONDS } from "../limits.ts";
import { idFromWire } from "../node_id.ts";

/** A run that was just created. */
export interface CreatedRun {
  readonly runId: RunId;
  /** Speaks for the run in today's Runtime API at the same address; undefined at a SuperLink of Flower 1.9. */
  readonly token?: string;
}

/**
 * Creates a run for the ServerApp of this process.
 *
 * @param takesToken whether the caller can go on with today's Runtime API
 */
export async function createRun(channel: Channel, takesToken: boolean): Promise<CreatedRun> {
  const { response: { runId, taskToken } } = await channel.call(
    Driver.method.createRun,
    { takesToken },
    { timeoutSeconds: CALL_DEADLINE_SECONDS },
  );
  return { runId: idFromWire(runId), ...(taskToken !== "" && { token: taskToken }) };
}
