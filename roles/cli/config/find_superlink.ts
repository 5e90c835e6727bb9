import { FlwrError } from "../../../base/error.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { readFlowerConfig } from "./config_file.ts";
import type { SuperLinkConnection } from "./connection.ts";
import type { ControlFlags } from "./options.ts";

/** Options of {@link findSuperLink}. */
export interface FindOptions {
  /** Flower's home folder. */
  readonly home: string;
  /** Called with notes for the user about the file, one sentence each. */
  readonly notify: (sentence: string) => void;
}

/**
 * Finds a command's SuperLink: by its address, by its name in config.toml, or the file's default.
 *
 * @param argument the command's SUPERLINK argument
 * @throws FlwrError naming the invalid flag, or the file with table and key
 */
export async function findSuperLink(
  argument: string | undefined,
  flags: ControlFlags,
  { home, notify }: FindOptions,
): Promise<SuperLinkConnection> {
  if (argument !== undefined && isAddress(argument)) return byAddress(argument, flags);
  refuseAddressFlags(argument, flags);
  const config = await readFlowerConfig(
    home,
    (file) => notify(`Created "${file}" for the connections to SuperLinks`),
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
    notify(`Ignored unknown key "${key}" in [superlink.${name}] of "${config.file}"`);
  }
  return connection;
}

/** Whether an argument is "host:port" and not a name. Names with a colon would need quotes in TOML. */
function isAddress(argument: string): boolean {
  return /:\d+$/.test(argument);
}

function byAddress(
  address: string,
  { insecure, rootCertificates }: ControlFlags,
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
  { insecure, rootCertificates }: ControlFlags,
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
