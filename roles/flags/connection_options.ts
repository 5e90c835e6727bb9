import { type Command, InvalidArgumentError, Option } from "commander";
import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import { log } from "../../base/log.ts";
import type { ChannelOptions } from "../../rpc/channel.ts";
import { readFlagAddress, wholeNumber } from "./values.ts";

/** Flags for TLS: which certificates to trust. */
export interface TrustFlags {
  insecure: boolean;
  rootCertificates?: string;
}

/** Flags for the connection of a SuperNode or a ServerApp to its SuperLink. */
export interface ConnectionFlags extends TrustFlags {
  server?: string;
  superlink?: string;
  maxRetries?: number;
  maxWaitTime?: number;
}

/** Adds the {@link TrustFlags}. */
export function addTrustOptions(command: Command): Command {
  return command
    .option(
      "--insecure",
      "connect without TLS; anyone on the network path can read and change messages",
      false,
    )
    .option(
      "--root-certificates <file>",
      "PEM file with the certificate of the CA that signed the SuperLink's certificate (default: the system's CAs)",
    );
}

/** Adds the {@link ConnectionFlags}. */
export function addConnectionOptions(command: Command, defaultAddress: string): Command {
  return addTrustOptions(command)
    .option("--superlink <host:port>", `address of the SuperLink (default: "${defaultAddress}")`)
    .option("--server <host:port>", "older name of --superlink (default: the value of --superlink)")
    .addOption(
      new Option(
        "--max-retries <n>",
        "number of times to retry a failed call before giving up (default: no limit)",
      )
        .argParser(wholeNumber({})),
    )
    .addOption(
      new Option(
        "--max-wait-time <seconds>",
        "number of seconds to retry a failed call before giving up (default: no limit)",
      )
        .argParser(positiveNumber),
    );
}

/**
 * Reads the SuperLink's address, and the certificates to trust.
 *
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readConnection(
  flags: ConnectionFlags,
  defaultAddress: string,
): Promise<Pick<ChannelOptions, "address" | "tls">> {
  const address = superLinkAddress(flags) ?? defaultAddress;
  readFlagAddress(flags.server === address ? "--server" : "--superlink", address);
  return { address, tls: await readTrust(flags) };
}

/** Reads the certificates to trust. @throws FlwrError naming the flag or file that is wrong */
export async function readTrust(
  { insecure, rootCertificates: file }: TrustFlags,
): Promise<ChannelOptions["tls"]> {
  if (insecure && file !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      "--insecure and --root-certificates cannot be used together",
      { hints: ["To use TLS, remove --insecure"] },
    );
  }
  if (insecure) return "insecure";
  if (file === undefined) return {};
  const { readRootCertificates } = await load<typeof import("../../certs/check.ts")>(
    new URL("../../certs/check.ts", import.meta.url),
  );
  return { rootCertificates: await readRootCertificates({ file, flag: "--root-certificates" }) };
}

function superLinkAddress({ server, superlink }: ConnectionFlags): string | undefined {
  if (server !== undefined && superlink !== undefined && server !== superlink) {
    log("connection").warn("Using --superlink {superlink} and ignoring --server {server}", {
      superlink,
      server,
    });
  }
  return superlink ?? server;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a number greater than 0.");
}
