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

/** Options of {@link relayRuntime}. */
export interface RelayOptions {
  readonly task: RuntimeTask;
  /** Calls the SuperLink with the task's token. */
  readonly client: RuntimeClient;
  /** Returns the task's input, which the SuperLink sends only once. */
  readonly input: () => ReceivedTaskInput;
  /** Called when the app itself has reported its end. */
  readonly finished: () => void;
}

/** Creates a Runtime API for the app of one task, which forwards its calls to the SuperLink. */
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
        Promise.reject(new FlwrError("unimplemented", "Only the SuperLink assigns tasks")),
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
      pushTaskEvents: client.relay(method.pushTaskEvents),
      pushArtifact: client.relay(method.pushArtifact),
      pushCheckpoint: client.relay(method.pushCheckpoint),
      pullCheckpoint: client.relay(method.pullCheckpoint),
    },
  });
}
