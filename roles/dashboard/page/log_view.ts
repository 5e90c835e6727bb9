/// <reference lib="dom" />
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { html } from "./html.ts";
import type { LogChunk, RunDetails } from "../model/run.ts";
import { useLive } from "./live.ts";
import { LogLines } from "./log_lines.ts";

/** Height of a line, in pixels: the same in page.css. */
const LINE_HEIGHT = 18;

/** Lines drawn beyond each end of the visible part. */
const SPARE_LINES = 30;

/** The log of a run's ServerApp, as it is written, with search. */
export function LogView({ run }: { readonly run: RunDetails }) {
  const live = useLive();
  const log = useMemo(() => new LogLines(), [run.id]);
  const [, redraw] = useState(0);
  const [isEnd, setEnd] = useState(false);
  const [search, setSearch] = useState("");
  const [isFollowing, setFollowing] = useState(true);
  useEffect(() => {
    let frame: number | undefined;
    const forget = live.followLog(run.id, ({ text, isEnd }: LogChunk) => {
      log.add(text);
      if (isEnd) setEnd(true);
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        redraw((count) => count + 1);
      });
    });
    return () => {
      forget();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [run.id]);
  const shown = log.matching(search);
  return html`
    <div class="tools">
      <label>Search <input type="search" value=${search}
        onInput=${(event: Event) => setSearch((event.target as HTMLInputElement).value)} /></label>
      <label><input type="checkbox" checked=${isFollowing}
        onChange=${() => setFollowing(!isFollowing)} /> Follow</label>
      <span class="quiet" role="status">${statusText(search, shown.length, log, isEnd, run)}</span>
    </div>
    <${Lines} lines=${shown} isFollowing=${isFollowing} onFollowing=${setFollowing} />
  `;
}

function statusText(
  search: string,
  found: number,
  log: LogLines,
  isEnd: boolean,
  run: RunDetails,
): string {
  if (run.logRemovedAt !== undefined) {
    return "The log was removed, because the SuperLink keeps only those of newer runs";
  }
  const dropped = log.dropped > 0 ? `, ${log.dropped} older ones not shown` : "";
  if (search !== "") return `${found} of ${log.count} lines match${dropped}`;
  return `${log.count} lines${dropped}${isEnd ? ", complete" : ""}`;
}

interface LinesProperties {
  readonly lines: readonly string[];
  readonly isFollowing: boolean;
  readonly onFollowing: (isFollowing: boolean) => void;
}

/** The visible part of the lines. */
function Lines({ lines, isFollowing, onFollowing }: LinesProperties) {
  const scroller = useRef<HTMLDivElement>(null);
  const [part, setPart] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = scroller.current!;
    const look = () => setPart({ top: element.scrollTop, height: element.clientHeight });
    const onScroll = () => {
      look();
      const distance = element.scrollHeight - element.scrollTop - element.clientHeight;
      onFollowing(distance < LINE_HEIGHT * 2);
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", onScroll);
    };
  }, []);
  useEffect(() => {
    const element = scroller.current!;
    if (isFollowing) element.scrollTop = element.scrollHeight;
  }, [lines.length, isFollowing]);
  // A search can leave fewer lines than the position of the last drawing.
  const top = Math.min(Math.floor(part.top / LINE_HEIGHT), lines.length);
  const first = Math.max(0, top - SPARE_LINES);
  const last = Math.min(
    lines.length,
    Math.ceil((part.top + part.height) / LINE_HEIGHT) + SPARE_LINES,
  );
  return html`
    <div class="log" ref=${scroller} tabindex="0" role="log" aria-live="off"
      aria-label="Log of the ServerApp">
      <div style=${{ height: `${first * LINE_HEIGHT}px` }}></div>
      <pre>${lines.slice(first, last).map((line, index) =>
        html`<div key=${first + index} class=${toneOf(line)}>${line || " "}</div>`
      )}</pre>
      <div style=${{ height: `${Math.max(0, lines.length - last) * LINE_HEIGHT}px` }}></div>
    </div>
  `;
}

/** Errors and warnings stand out. */
function toneOf(line: string): string {
  if (/\b(ERROR|Error|FATAL|Traceback|error:|failed)\b/.test(line)) return "error";
  return /\b(WARN|WARNING|Warning|warning:)\b/.test(line) ? "warning" : "";
}
