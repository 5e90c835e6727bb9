/// <reference lib="dom" />
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.ts";
import type { RunDetails } from "../model/run.ts";
import { ApiError, post } from "./api.ts";
import { runLink } from "./router.ts";

/** Starts a run again, with settings that the user can change. */
export function RunAgain(
  { run, onClose }: { readonly run: RunDetails; readonly onClose: () => void },
) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState(() =>
    run.settings.map(({ name, type, value }) =>
      `${name} = ${type === "text" ? JSON.stringify(value) : value}`
    ).join("\n")
  );
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const start = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const { id } = await post<{ id: string }>(`/api/runs/${run.id}/again`, { settings: text });
      onClose();
      location.hash = runLink(id);
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error));
      setBusy(false);
    }
  };
  return html`
    <dialog ref=${dialog} aria-labelledby="again-title" onClose=${onClose}>
      <form onSubmit=${start}>
        <h2 id="again-title">Run ${run.app} again</h2>
        <p>The new run uses the same app, with these settings. Settings that are not listed have the
          values of the app's pyproject.toml.</p>
        <label for="again-settings">Settings, one per line: <code>name = value</code></label>
        <textarea id="again-settings" rows="8" spellcheck="false" value=${text}
          placeholder=${'num-server-rounds = 10\nlearning-rate = 0.05\ndataset = "cifar10"'}
          onInput=${(event: Event) =>
            setText((event.target as HTMLTextAreaElement).value)}></textarea>
        ${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
        <div class="buttons">
          <button type="button" onClick=${() => dialog.current?.close()}>Cancel</button>
          <button class="primary" disabled=${isBusy}>Start run</button>
        </div>
      </form>
    </dialog>
  `;
}
