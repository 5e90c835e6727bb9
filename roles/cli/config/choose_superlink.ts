import { printMessage } from "../../output/print_line.ts";
import { flwrHome } from "../../../fab/home.ts";
import { load } from "../../../base/load.ts";
import type { OutputFormat } from "../../output/format.ts";
import type { SuperLinkConnection } from "./connection.ts";
import { findSuperLink } from "./find_superlink.ts";
import type { ControlFlags } from "./options.ts";

/**
 * Finds a command's SuperLink, and prints it on stderr.
 *
 * @throws FlwrError as {@link findSuperLink}
 */
export async function chooseSuperLink(
  argument: string | undefined,
  flags: ControlFlags & { readonly format?: OutputFormat },
): Promise<SuperLinkConnection> {
  const connection = await findSuperLink(argument, flags, {
    home: flwrHome(),
    notify: (sentence) => printMessage(`Note: ${sentence}`),
  });
  const tell = (line: string) => {
    if (flags.format !== "json") printMessage(line);
  };
  tell(describeSuperLink(connection));
  if (connection.local !== undefined) {
    const { ensureLocalSuperLink } = await load<typeof import("./local_superlink.ts")>(
      new URL("./local_superlink.ts", import.meta.url),
    );
    const started = await ensureLocalSuperLink({
      home: flwrHome(),
      address: connection.address,
      isLasting: connection.local.isLasting,
    });
    if (started !== undefined) tell(started);
  }
  return connection;
}

/** Describes a SuperLink: `SuperLink "mine": 127.0.0.1:8000, without TLS`. */
function describeSuperLink({ name, address, insecure, local }: SuperLinkConnection): string {
  const shown = name === undefined ? "SuperLink" : `SuperLink "${name}"`;
  if (local !== undefined) return `${shown}: simulated nodes on this machine`;
  return `${shown}: ${address}${insecure ? ", without TLS" : ""}`;
}
