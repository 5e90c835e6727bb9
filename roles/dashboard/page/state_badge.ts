import { html } from "./html.ts";

/** Classes of states, for their colour. Each state is also a word, so that colour is not needed to tell them apart. */
const TONES: Readonly<Record<string, string>> = {
  running: "active",
  starting: "active",
  pending: "waiting",
  "finished:completed": "good",
  "finished:failed": "bad",
  "finished:stopped": "ended",
  online: "good",
  offline: "bad",
  registered: "waiting",
  left: "ended",
  unregistered: "ended",
};

/** The state of a run or node. */
export function StateBadge(
  { state, isIncomplete = false }: { readonly state: string; readonly isIncomplete?: boolean },
) {
  const text = isIncomplete ? "incomplete" : state.replace("finished:", "");
  const tone = isIncomplete ? "warning" : TONES[state] ?? "ended";
  return html`<span class=${`badge ${tone}`}>${text}</span>`;
}
