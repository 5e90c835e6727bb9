import { load } from "../../../base/load.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import type { OutputFormat } from "../../output/format.ts";
import type { SuperLinkFlags } from "./options.ts";

/**
 * Asks the SuperLink that a command names. What that takes is loaded here: commands of which this is one of several
 * uses, such as `flwr supernode`, start without it, and so does what explains or completes a command line.
 *
 * @param superlink a connection's name, or host:port; the default one without it
 * @throws FlwrError when there is no such connection, or the SuperLink refuses
 */
export async function askSuperLink<T>(
  superlink: string | undefined,
  flags: SuperLinkFlags & { readonly format?: OutputFormat },
  work: (control: ControlClient) => Promise<T>,
): Promise<T> {
  const [{ chooseSuperLink }, { withControl }] = await Promise.all([
    load<typeof import("./choose_superlink.ts")>(new URL("./choose_superlink.ts", import.meta.url)),
    load<typeof import("./with_control.ts")>(new URL("./with_control.ts", import.meta.url)),
  ]);
  return await withControl(await chooseSuperLink(superlink, flags), work);
}
