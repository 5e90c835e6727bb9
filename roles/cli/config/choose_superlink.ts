import { printMessage } from "../../output/print_line.ts";
import { flwrHome } from "../../../fab/home.ts";
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
  if (flags.format !== "json") printMessage(describeSuperLink(connection));
  return connection;
}

/** Describes a SuperLink: `SuperLink "mine": 127.0.0.1:8000, without TLS`. */
function describeSuperLink({ name, address, insecure }: SuperLinkConnection): string {
  const shown = name === undefined ? "SuperLink" : `SuperLink "${name}"`;
  return `${shown}: ${address}${insecure ? ", without TLS" : ""}`;
}
