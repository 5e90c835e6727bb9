import { context } from "@opentelemetry/api";
import { messageKind } from "../../entities/message_kind.ts";
import { contextOfRun, inSpan, recordSpan } from "../../telemetry/tracing.ts";

/** The fields of an instruction that go into a trace. */
interface TracedInstruction {
  readonly runId: bigint;
  readonly groupId: string;
  readonly messageType: string;
  readonly messageId: string;
}

/** Traces of a SuperNode: for each instruction a span with the parts pull, work of the ClientApp, and push. */
export class NodeTracing {
  /**
   * Does the work on an instruction within a span of its run's trace.
   *
   * @param pullBegan when the call that returned it began, in milliseconds of Unix time. It was held until then
   */
  instruction<T>(
    { runId, groupId, messageType, messageId }: TracedInstruction,
    pullBegan: number,
    work: () => Promise<T>,
  ): Promise<T> {
    const pulled = Date.now();
    const traced = () => {
      const parent = context.active();
      recordSpan({ name: "pull", parent, from: pullBegan, to: pulled, attributes: {} });
      return work();
    };
    return inSpan("instruction", traced, {
      parent: contextOfRun(runId),
      attributes: {
        "flwr.run_id": `${runId}`,
        "flwr.group_id": groupId,
        "flwr.message_type": messageType,
        "flwr.message_id": messageId,
      },
    });
  }

  /**
   * Does a part of the work within a span.
   *
   * @param name "push", or the type of the message for the work of the ClientApp
   */
  step<T>(name: string, work: () => Promise<T>, isError?: (result: T) => boolean): Promise<T> {
    const spanName = name === "push" ? name : messageKind(name);
    return inSpan(spanName, work, { ...(isError && { isError }) });
  }
}
