import { load } from "../../../base/load.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import type { OutputFormat } from "../../output/format.ts";
import type { ControlFlags } from "./options.ts";

/**
 * Calls the Control API of a command's SuperLink. The modules for that are loaded here, so that `flwr supernode`, help
 * and completion start without them.
 *
 * @param superlink a connection's name, or host:port. Undefined: the default connection
 * @throws FlwrError when the connection does not exist, or the SuperLink refuses the call
 */
export async function callSuperLink<T>(
  superlink: string | undefined,
  flags: ControlFlags & { readonly format?: OutputFormat },
  work: (control: ControlClient) => Promise<T>,
): Promise<T> {
  const [{ chooseSuperLink }, { withControl }] = await Promise.all([
    load<typeof import("./choose_superlink.ts")>(new URL("./choose_superlink.ts", import.meta.url)),
    load<typeof import("./with_control.ts")>(new URL("./with_control.ts", import.meta.url)),
  ]);
  return await withControl(await chooseSuperLink(superlink, flags), work);
}
