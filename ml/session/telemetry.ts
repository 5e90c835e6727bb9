/** ONNX Runtime's environment variable, which it reads once, when it is loaded. */
const SWITCH = "ORT_DISABLE_TELEMETRY";

/** Environment variables that disable ONNX Runtime's telemetry, for processes that you start. */
export const WITHOUT_TELEMETRY: Readonly<Record<string, string>> = { [SWITCH]: "1" };

/**
 * Disables ONNX Runtime's telemetry. Since 1.29 it sends events about the machine and its models to Microsoft and
 * stores an id for the machine in `~/.cache/Microsoft`. Call this before ONNX Runtime is loaded.
 *
 * A thread that may not change the environment leaves it unchanged: the parent of its process sets {@link
 * WITHOUT_TELEMETRY}.
 */
export function disableTelemetry(): void {
  const { state } = Deno.permissions.querySync({ name: "env", variable: SWITCH });
  if (state === "granted") Deno.env.set(SWITCH, "1");
}
