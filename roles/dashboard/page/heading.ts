/// <reference lib="dom" />
import { useEffect, useRef } from "preact/hooks";
import { html } from "./html.ts";
import type { ComponentChildren } from "preact";

/**
 * The heading of a view. When the view appears, it takes the focus, so that screen readers say where the user is, and the
 * title of the browser's window changes.
 */
export function Heading(
  { title, children }: { readonly title: string; readonly children?: ComponentChildren },
) {
  const element = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Flower`;
  }, [title]);
  useEffect(() => element.current?.focus({ preventScroll: true }), []);
  return html`<h1 tabindex="-1" ref=${element}>${children ?? title}</h1>`;
}
