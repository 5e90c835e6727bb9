import type { Command } from "commander";
import { load } from "../../base/load.ts";
import { formatAddress } from "../../rpc/address.ts";
import { readFlagAddress } from "../flags/values.ts";

/** Address of the dashboard, if the flag has no value. */
const DEFAULT_ADDRESS = "127.0.0.1:8265";

/** The flag of the dashboard, as commander parses it. */
export interface DashboardFlags {
  /** Its address; true if the flag has no value. */
  dashboard?: string | true;
}

/** Adds `--dashboard`. */
export function addDashboardOption(command: Command): void {
  command.option(
    "--dashboard [host:port]",
    `serve a web page that shows, stops and repeats runs, and print its address; only this machine can reach it; if you give no value, it listens on ${DEFAULT_ADDRESS} (default: none)`,
  );
}

/**
 * Reads `--dashboard`.
 *
 * @returns "host:port"
 * @throws UsageError for a malformed address; FlwrError "failed-precondition" for one that other machines reach
 */
export async function readDashboard(flag: string | true): Promise<string> {
  const text = flag === true ? DEFAULT_ADDRESS : flag;
  const address = readFlagAddress("--dashboard", text, { allowZero: true });
  const { refuseOpenDashboard } = await load<typeof import("../dashboard/address.ts")>(
    new URL("../dashboard/address.ts", import.meta.url),
  );
  refuseOpenDashboard("--dashboard", address);
  return formatAddress(address);
}
