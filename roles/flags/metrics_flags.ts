import type { Command } from "commander";
import { FlwrError } from "../../base/error.ts";
import { formatAddress, isLoopback } from "../../rpc/address.ts";
import { readFlagAddress, UsageError } from "./values.ts";

/** Flags of the metrics endpoint, as commander parses them. */
export interface MetricsFlags {
  metricsAddress?: string;
  metricsTokenFile?: string;
}

/** The metrics endpoint, from checked flags. */
export interface MetricsConfig {
  /** "host:port" to listen on. */
  readonly address: string;
  /** The bearer token that a scrape must have; default: none. */
  readonly token?: string;
  /** Whether it uses the TLS of the other listeners: beyond loopback. */
  readonly usesTls: boolean;
}

/** Characters of a token: one that is shorter could be guessed. */
const TOKEN_LENGTHS = { least: 16, most: 1024 };

/** Value of the address that switches the endpoint off. */
const OFF = "none";

const FLAG = "--metrics-address";
const TOKEN_FLAG = "--metrics-token-file";

/** Adds the flags of the metrics endpoint. */
export function addMetricsOptions(command: Command): Command {
  return command
    .option(
      "--metrics-address <host:port>",
      "address of an HTTP endpoint with metrics for Prometheus, at /metrics; beyond loopback it needs TLS and a token (default: none)",
    )
    .option(
      "--metrics-token-file <file>",
      `file with the bearer token that a scrape of the metrics must have: ${TOKEN_LENGTHS.least} or more letters, digits and signs (default: none)`,
    );
}

/**
 * Checks the flags and reads the token.
 *
 * @param hasTls whether the command has a certificate of its own
 * @returns undefined if there is no endpoint
 * @throws FlwrError naming the flag; "failed-precondition" for an endpoint that other machines could reach without TLS
 *   or without a token
 */
export async function readMetricsFlags(
  { metricsAddress, metricsTokenFile }: MetricsFlags,
  hasTls: boolean,
): Promise<MetricsConfig | undefined> {
  if (metricsAddress === undefined || metricsAddress === OFF) {
    if (metricsTokenFile === undefined) return undefined;
    throw new UsageError("invalid-argument", `${TOKEN_FLAG} needs ${FLAG}`, {
      hints: [`Add ${FLAG} 127.0.0.1:9464, or leave the token out`],
    });
  }
  const address = readFlagAddress(FLAG, metricsAddress, { allowZero: true });
  const usesTls = !isLoopback(address.host);
  if (usesTls && (!hasTls || metricsTokenFile === undefined)) {
    const missing = hasTls ? "a token" : metricsTokenFile === undefined ? "TLS and a token" : "TLS";
    throw new FlwrError(
      "failed-precondition",
      `The metrics would be readable beyond this machine without ${missing}: ${FLAG} "${metricsAddress}"`,
      {
        hints: [
          `Use a loopback address such as 127.0.0.1:${address.port}, and scrape on this machine`,
          `Or add ${TOKEN_FLAG} and the three --ssl-… files`,
        ],
      },
    );
  }
  return {
    address: formatAddress(address),
    ...(metricsTokenFile !== undefined && { token: await readToken(metricsTokenFile) }),
    usesTls,
  };
}

async function readToken(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch((cause) => {
    throw new FlwrError("not-found", `${TOKEN_FLAG}: cannot read file "${file}"`, { cause });
  });
  const token = text.trim();
  const { least, most } = TOKEN_LENGTHS;
  if (token.length >= least && token.length <= most && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new FlwrError(
    "invalid-argument",
    `${TOKEN_FLAG}: file "${file}" must hold one token of ${least} to ${most} visible ASCII characters`,
    { hints: ["Make one: openssl rand -hex 32"] },
  );
}
