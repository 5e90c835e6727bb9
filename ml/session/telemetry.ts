/** ONNX Runtime's switch, which it reads once, when it is loaded. */
const SWITCH = "ORT_DISABLE_TELEMETRY";

/** What switches ONNX Runtime's telemetry off in a process whose environment is made elsewhere. */
export const WITHOUT_TELEMETRY: Readonly<Record<string, string>> = { [SWITCH]: "1" };

/**
 * Keeps ONNX Runtime from sending events about this machine and its models to Microsoft, which it does since 1.29, and from
 * making an id for the machine in `~/.cache/Microsoft`. Call it before ONNX Runtime is loaded.
 *
 * A thread that may not change the environment changes nothing: whoever starts its process sets {@link WITHOUT_TELEMETRY}.
 */
export function disableTelemetry(): void {
  const { state } = Deno.permissions.querySync({ name: "env", variable: SWITCH });
  if (state === "granted") Deno.env.set(SWITCH, "1");
}
