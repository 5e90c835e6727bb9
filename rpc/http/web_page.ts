/**
 * Headers that browsers send and programs do not: the page that calls, where it lies to what is called, and what a page may
 * ask in advance. ("sec-fetch-mode" alone is no mark: Node's fetch sends it.)
 */
const MARKS = [
  "origin",
  "sec-fetch-site",
  "sec-fetch-dest",
  "sec-ch-ua",
  "referer",
  "access-control-request-method",
];

/** Whether a request comes from a browser, that is: from whichever page it shows. */
export function isFromBrowser(headers: Headers): boolean {
  if (headers.get("user-agent")?.startsWith("Mozilla/")) return true;
  return MARKS.some((name) => headers.has(name));
}
