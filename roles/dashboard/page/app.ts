/// <reference lib="dom" />
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.ts";
import type { Overview } from "../model/overview.ts";
import { post } from "./api.ts";
import { EventsView } from "./events_view.ts";
import { type LiveState, useLive } from "./live.ts";
import { NodesView } from "./nodes_view.ts";
import { useResource } from "./resource.ts";
import { type Route, useRoute } from "./router.ts";
import { RunView } from "./run_view.ts";
import { RunsView } from "./runs_view.ts";

const VIEWS = [
  { view: "runs", title: "Runs" },
  { view: "nodes", title: "Nodes" },
  { view: "events", title: "Events" },
] as const;

const STATE_TEXTS: Readonly<Record<LiveState, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Connection lost. Trying again",
};

/** The page. */
export function App() {
  const route = useRoute();
  const { data } = useResource<Overview>("/api/overview", () => false);
  return html`
    <a class="skip" href="#main" onClick=${skipToMain}>Skip to content</a>
    <header class="bar">
      <span class="brand"><img src="/favicon.svg" alt="" width="20" height="20" /> Flower</span>
      <nav aria-label="Views">
        ${VIEWS.map(({ view, title }) =>
          html`<a href=${`#/${view}`} aria-current=${isCurrent(route, view) ? "page" : undefined}>
      ${title}</a>`
        )}
      </nav>
      <span class="grow"></span>
      <${Connection} />
      <span class="quiet wide-only">
        ${data && `flwr ${data.version}${data.isSimulated ? " · simulation" : ""}`}
      </span>
      <button class="plain wide-only" onClick=${signOut}>Sign out</button>
    </header>
    <main id="main" tabindex="-1">
      <${View} route=${route} overview=${data} />
    </main>
  `;
}

function View(
  { route, overview }: { readonly route: Route; readonly overview: Overview | undefined },
) {
  switch (route.view) {
    case "runs":
      return html`<${RunsView} />`;
    case "run":
      return html`<${RunView} key=${route.run} route=${route} overview=${overview} />`;
    case "nodes":
      return html`<${NodesView} />`;
    case "events":
      return html`<${EventsView} title="Events" />`;
  }
}

function Connection() {
  const live = useLive();
  const [state, setState] = useState<LiveState>("connecting");
  useEffect(() => live.onState(setState), [live]);
  return html`<span class=${`connection ${state}`} role="status">${STATE_TEXTS[state]}</span>`;
}

function isCurrent(route: Route, view: typeof VIEWS[number]["view"]): boolean {
  return route.view === view || (route.view === "run" && view === "runs");
}

function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

async function signOut(): Promise<void> {
  await post("/session/end", {});
  location.reload();
}
