import { FlwrError } from "../../base/error.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import type {
  ReceivedTaskInput,
  RuntimeClient,
} from "../../rpc/dialects/current/client/runtime_client.ts";
import type { RuntimeTask } from "../../rpc/dialects/current/server/runtime_backend.ts";
import { runtimeRequestBytes } from "../../rpc/dialects/current/server/task_policy.ts";
import { runtimeRequestUnits } from "../../rpc/dialects/current/server/task_policy.ts";
import { taskAuthentication } from "../../rpc/dialects/current/server/task_authentication.ts";
import { bindService, type ServiceBinding } from "../../rpc/service.ts";

/** A task whose app calls a SuperLink elsewhere through this process. */
export interface RelayOptions {
  readonly task: RuntimeTask;
  /** What makes the calls in the task's name. */
  readonly client: RuntimeClient;
  /** What the task has begun with: the SuperLink gives it once. */
  readonly input: () => ReceivedTaskInput;
  /** Told when the app itself has said how it ended. */
  readonly finished: () => void;
}

/** The Runtime API as one task's app sees it: each call is made once more, at the SuperLink that the task is from. */
export function relayRuntime({ task, client, input, finished }: RelayOptions): ServiceBinding {
  const { method } = Runtime;
  const finish = client.relay(method.pushTaskOutput);
  return bindService(Runtime, {
    ...taskAuthentication({
      backend: { taskOfToken: (token) => Promise.resolve(token === task.token ? task : undefined) },
      executors: "nobody",
    }),
    maxRequestBytes: runtimeRequestBytes,
    maxRequestUnits: runtimeRequestUnits,
    handlers: {
      acquireTask: () =>
        Promise.reject(new FlwrError("unimplemented", "Tasks are given out by the SuperLink")),
      sendTaskHeartbeat: async () => ({ success: await client.heartbeat() }),
      pullTaskInput: () => Promise.try(() => input().wire),
      pushTaskOutput: async (request, call) => {
        const response = await finish(request, call);
        finished();
        return response;
      },
      pushMessages: client.relay(method.pushMessages),
      pullMessages: client.relay(method.pullMessages),
      pushObject: client.relay(method.pushObject),
      pullObject: client.relay(method.pullObject),
      confirmMessageReceived: client.relay(method.confirmMessageReceived),
      getNodes: client.relay(method.getNodes),
      pushLogs: client.relay(method.pushLogs),
      pushArtifact: client.relay(method.pushArtifact),
    },
  });
}
