/**
 * Headers that browsers send and programs do not: the calling page, its relation to the called site, and CORS
 * preflights. ("sec-fetch-mode" alone proves nothing: Node's fetch sends it.)
 */
const MARKS = [
  "origin",
  "sec-fetch-site",
  "sec-fetch-dest",
  "sec-ch-ua",
  "referer",
  "access-control-request-method",
];

/** Whether a request comes from a browser, and so possibly from any web page. */
export function isFromBrowser(headers: Headers): boolean {
  if (headers.get("user-agent")?.startsWith("Mozilla/")) return true;
  return MARKS.some((name) => headers.has(name));
}
