/// <reference lib="dom" />
import { useEffect, useState } from "preact/hooks";

/** Tabs of a run's page. */
export const RUN_TABS = ["overview", "rounds", "log", "events", "files", "settings"] as const;

/** A tab of a run's page. */
export type RunTab = typeof RUN_TABS[number];

/** What the page shows. */
export type Route =
  | { readonly view: "runs" }
  | { readonly view: "run"; readonly run: string; readonly tab: RunTab; readonly round?: number }
  | { readonly view: "nodes" }
  | { readonly view: "events" };

/** The route of an address. @param hash "#/runs/123/log" */
export function readRoute(hash: string): Route {
  const [, view, id, tab, detail] = hash.split("/");
  if (view === "nodes" || view === "events") return { view };
  if (view !== "runs" || id === undefined || !/^\d+$/.test(id)) return { view: "runs" };
  const known = RUN_TABS.find((name) => name === tab) ?? "overview";
  const round = /^\d{1,9}$/.test(detail ?? "") ? Number(detail) : undefined;
  return { view: "run", run: id, tab: known, ...(round !== undefined && { round }) };
}

/** The address of a tab of a run's page. */
export function runLink(run: string, tab: RunTab = "overview", round?: number): string {
  const path = tab === "overview" ? `#/runs/${run}` : `#/runs/${run}/${tab}`;
  return round === undefined ? path : `${path}/${round}`;
}

/** The current route. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = () => setHash(location.hash);
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return readRoute(hash);
}
