import { FlwrError } from "../../../base/error.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { readFlowerConfig } from "./config_file.ts";
import type { SuperLinkConnection } from "./connection.ts";
import type { SuperLinkFlags } from "./options.ts";

/** Where a SuperLink's name is looked up, and who is told what of it. */
export interface FindOptions {
  /** Flower's folder. */
  readonly home: string;
  /** Gets what the user should know about the file, one sentence each. */
  readonly tell: (sentence: string) => void;
}

/**
 * Finds the SuperLink that a command is for: by its address, by its name in config.toml, or the file's default.
 *
 * @param argument SUPERLINK as it was given
 * @throws FlwrError naming the flag, or the file with table and key, that is wrong
 */
export async function findSuperLink(
  argument: string | undefined,
  flags: SuperLinkFlags,
  { home, tell }: FindOptions,
): Promise<SuperLinkConnection> {
  if (argument !== undefined && isAddress(argument)) return byAddress(argument, flags);
  refuseAddressFlags(argument, flags);
  const config = await readFlowerConfig(
    home,
    (file) => tell(`Made "${file}", where SuperLinks have their names`),
  );
  const name = argument ?? config.defaultName;
  if (name === undefined) {
    throw new FlwrError("invalid-argument", "No SuperLink given", {
      hints: [
        "Give a connection's name or host:port as SUPERLINK",
        `Or set one as default under [superlink] of "${config.file}"`,
      ],
    });
  }
  const { connection, unknownKeys } = config.connection(name);
  for (const key of unknownKeys) {
    tell(`"${key}" in [superlink.${name}] of "${config.file}" means nothing here`);
  }
  return connection;
}

/** Whether an argument is "host:port", not a name: names in TOML have a colon only between quotes. */
function isAddress(argument: string): boolean {
  return /:\d+$/.test(argument);
}

function byAddress(
  address: string,
  { insecure, rootCertificates }: SuperLinkFlags,
): SuperLinkConnection {
  parseAddress(address);
  if (insecure && rootCertificates !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      "--insecure and --root-certificates cannot be used together",
      { hints: ["To use TLS, remove --insecure"] },
    );
  }
  return { address, insecure, ...(rootCertificates !== undefined && { rootCertificates }) };
}

function refuseAddressFlags(
  argument: string | undefined,
  { insecure, rootCertificates }: SuperLinkFlags,
): void {
  if (!insecure && rootCertificates === undefined) return;
  const flag = insecure ? "--insecure" : "--root-certificates";
  throw new FlwrError(
    "invalid-argument",
    `${flag} works only with a SuperLink given as host:port: ${
      argument === undefined ? "you gave none" : `"${argument}" is a name`
    }`,
    {
      hints: [
        "config.toml has the settings of named connections. To see them, run: flwr config list",
      ],
    },
  );
}
