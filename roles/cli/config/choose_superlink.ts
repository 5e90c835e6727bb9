import { say } from "../../output/say.ts";
import { flwrHome } from "../../../fab/home.ts";
import type { OutputFormat } from "../../output/format.ts";
import type { SuperLinkConnection } from "./connection.ts";
import { findSuperLink } from "./find_superlink.ts";
import type { SuperLinkFlags } from "./options.ts";

/**
 * Finds the SuperLink that a command is for, and tells the user on stderr which it is.
 *
 * @throws FlwrError as {@link findSuperLink}
 */
export async function chooseSuperLink(
  argument: string | undefined,
  flags: SuperLinkFlags & { readonly format?: OutputFormat },
): Promise<SuperLinkConnection> {
  const connection = await findSuperLink(argument, flags, {
    home: flwrHome(),
    tell: (sentence) => say(`Note: ${sentence}`),
  });
  if (flags.format !== "json") say(describeSuperLink(connection));
  return connection;
}

/** The line that names a SuperLink: `SuperLink "mine": 127.0.0.1:8000, without TLS`. */
function describeSuperLink({ name, address, insecure }: SuperLinkConnection): string {
  const shown = name === undefined ? "SuperLink" : `SuperLink "${name}"`;
  return `${shown}: ${address}${insecure ? ", without TLS" : ""}`;
}
