import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import type { Link } from "../../../link/link.ts";
import { type Dashboard, startDashboard } from "../../dashboard/server.ts";
import { LinkSource } from "./link_source.ts";

const logger = log("superlink");

/** Options of {@link startLinkDashboard}. */
export interface LinkDashboardOptions {
  /** "host:port" on the loopback interface. */
  readonly address: string;
  readonly link: Link;
  readonly isSimulated: boolean;
}

/** A dashboard in the SuperLink's own process. */
export interface LinkDashboard extends Dashboard {
  /** Keeps the app of a run that was just created, so that it can be started again. Never rejects. */
  keepApp(runId: bigint): Promise<void>;
}

/** Serves the dashboard of a SuperLink. @throws FlwrError naming the flag, if it cannot listen there */
export function startLinkDashboard(
  { address, link, isSimulated }: LinkDashboardOptions,
): LinkDashboard {
  const source = new LinkSource({ link, clock: systemClock, isSimulated });
  let dashboard: Dashboard;
  try {
    dashboard = startDashboard(address, source);
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    if (code === "internal") throw error;
    throw new FlwrError(code, `--dashboard: ${message}`, { hints, cause: error });
  }
  void source.keepApps();
  logger.info("Dashboard on {address}", {
    event: "listening",
    api: "dashboard",
    address: dashboard.address,
  });
  return { ...dashboard, keepApp: (runId) => source.keepApp(runId) };
}
