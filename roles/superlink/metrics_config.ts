import type { Command } from "commander";
import { FlwrError } from "../../base/error.ts";
import { formatAddress, parseAddress } from "../../rpc/address.ts";
import {
  addMetricsOptions,
  type MetricsConfig,
  type MetricsFlags,
  readMetricsFlags,
} from "../flags/metrics_flags.ts";
import { UsageError } from "../flags/values.ts";
import { LISTENER_FLAGS, type Listeners, overlap } from "./listeners.ts";

/** Flags of the SuperLink's metrics. */
export interface SuperLinkMetricsFlags extends MetricsFlags {
  metricsNodeNames: boolean;
}

/** The SuperLink's metrics, from checked flags. */
export interface SuperLinkMetricsConfig extends MetricsConfig {
  /** Whether nodes have series by their names. */
  readonly namesNodes: boolean;
}

const MAX_PORT = 65_535;

/** Adds the flags of the SuperLink's metrics. */
export function addSuperLinkMetricsOptions(command: Command): Command {
  return addMetricsOptions(command).option(
    "--metrics-node-names",
    "also give the metrics of each node under its name, for at most 24 nodes",
    false,
  );
}

/**
 * Checks the flags of the metrics.
 *
 * @param processes number of processes, each of which has the next port
 * @returns undefined without metrics
 * @throws FlwrError as `readMetricsFlags`; "invalid-argument" if another listener has one of the ports
 */
export async function readSuperLinkMetrics(
  flags: SuperLinkMetricsFlags,
  { hasTls, listeners, processes }: {
    readonly hasTls: boolean;
    readonly listeners: Listeners;
    readonly processes: number;
  },
): Promise<SuperLinkMetricsConfig | undefined> {
  if (flags.metricsAddress === undefined && flags.metricsNodeNames) {
    throw new UsageError("invalid-argument", "--metrics-node-names needs --metrics-address", {
      hints: ["Add --metrics-address 127.0.0.1:9464, or leave the names out"],
    });
  }
  const config = await readMetricsFlags(flags, hasTls);
  if (config === undefined) return undefined;
  const { host, port } = parseAddress(config.address, { allowZero: true });
  const last = port + processes - 1;
  if (port !== 0 && last > MAX_PORT) {
    throw new FlwrError(
      "invalid-argument",
      `--metrics-address: ${processes} processes need the ports ${port} to ${last}, but ${MAX_PORT} is the last one`,
      { hints: [`Use a port up to ${MAX_PORT - processes + 1}`] },
    );
  }
  for (const [name, text] of Object.entries(listeners)) {
    const other = parseAddress(text, { allowZero: true });
    if (port === 0 || other.port < port || other.port > last) continue;
    if (!overlap({ host, port }, other)) continue;
    throw new FlwrError(
      "invalid-argument",
      `${
        LISTENER_FLAGS[name as keyof Listeners]
      } and --metrics-address use the same port: ${other.port}`,
      { hints: ["Give each its own port"] },
    );
  }
  return { ...config, namesNodes: flags.metricsNodeNames };
}

/** The address of one of several processes: each has a port of its own, so that a scrape reaches a known one. */
export function metricsAddressOf(address: string, process: number): string {
  const { host, port } = parseAddress(address, { allowZero: true });
  return formatAddress({ host, port: port === 0 ? 0 : port + process - 1 });
}
