import type { Clock } from "../../../../base/clock.ts";
import type { Link } from "../../../../link/link.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { bindService, type ServiceBinding } from "../../../service.ts";
import { linkRuntimeBackend, taskOfRun } from "./link_runtime.ts";
import type { RuntimeBackend } from "./runtime_backend.ts";
import { runtimeHandlers } from "./runtime_service.ts";
import { taskAuthentication } from "./task_authentication.ts";
import { runtimeRequestBytes, runtimeRequestUnits } from "./task_policy.ts";

/** What a ServerApp may call that a user started by hand. It brings its app, and its output stays with the user. */
const OFFERED: ReadonlySet<string> = new Set<keyof typeof Runtime.method>([
  "sendTaskHeartbeat",
  "pushTaskOutput",
  "getNodes",
  "pushMessages",
  "pullMessages",
  "pushObject",
  "pullObject",
  "confirmMessageReceived",
  "pushTaskEvents",
]);

/**
 * The Runtime API for ServerApps that users start by hand, to be served beside the Driver API, which gives them the
 * tokens of their runs. Tokens of other runs are not valid here: their apps call from where the SuperLink runs them.
 */
export function handStartedRuntime(link: Omit<Link, "close">, clock: Clock): ServiceBinding {
  const backend: RuntimeBackend = {
    ...linkRuntimeBackend(link, clock),
    async taskOfToken(token) {
      const run = await link.runs.ofToken(token);
      return run?.fabHash === "" ? taskOfRun(run, token) : undefined;
    },
  };
  const binding = bindService(Runtime, {
    ...taskAuthentication({ backend, executors: "nobody" }),
    handlers: runtimeHandlers(backend),
    maxRequestBytes: runtimeRequestBytes,
    maxRequestUnits: runtimeRequestUnits,
  });
  return { ...binding, methods: binding.methods.filter(({ desc }) => OFFERED.has(desc.localName)) };
}
