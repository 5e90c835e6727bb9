/** A page of another port of this machine, which attacks a dashboard. */
export interface ForeignPage extends AsyncDisposable {
  readonly url: string;
  /**
   * Runs in the page. Returns for each way whether it was refused.
   *
   * @param target `base`: the dashboard's address; `run`: a run to stop
   */
  readonly attack: (
    target: { readonly base: string; readonly run: string },
  ) => Promise<Record<string, string>>;
}

/** Serves the page. */
export function startForeignPage(): ForeignPage {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response("<!doctype html><title>x</title>", { headers: { "content-type": "text/html" } }),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    attack,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Must not refer to anything outside: the browser gets its text. */
async function attack(
  { base, run }: { readonly base: string; readonly run: string },
): Promise<Record<string, string>> {
  const stop = `${base}api/runs/${run}/stop`;
  const page = globalThis as unknown as { document: PageDocument };
  const withFetch = (url: string, init: RequestInit) =>
    fetch(url, { credentials: "include", ...init }).then(
      (response) => response.type === "opaque" ? "refused" : `answered ${response.status}`,
      () => "refused",
    );
  const withElement = (name: string, attribute: string) =>
    new Promise<string>((resolve) => {
      const element = page.document.createElement(name);
      element.onload = () => resolve("loaded");
      element.onerror = () => resolve("refused");
      element.setAttribute("rel", "stylesheet");
      element.setAttribute(attribute, name === "script" ? `${base}page.js` : `${base}page.css`);
      page.document.head.append(element);
    });
  const stream = new Promise<string>((resolve) => {
    const source = new EventSource(`${base}api/stream`, { withCredentials: true });
    source.onmessage = source.onopen = () => resolve("opened");
    source.onerror = () => {
      source.close();
      resolve("refused");
    };
  });
  const json = { "content-type": "application/json" };
  return {
    "read": await withFetch(`${base}api/runs`, {}),
    "post of JSON": await withFetch(stop, { method: "POST", headers: json, body: "{}" }),
    "post of text": await withFetch(stop, { method: "POST", mode: "no-cors", body: "{}" }),
    "beacon-like post": await withFetch(stop, { method: "POST", mode: "no-cors", keepalive: true }),
    "script": await withElement("script", "src"),
    "style sheet": await withElement("link", "href"),
    "stream": await stream,
  };
}

/** What the attack needs of a page. */
interface PageDocument {
  createElement(name: string): {
    onload: () => void;
    onerror: () => void;
    setAttribute(name: string, value: string): void;
  };
  readonly head: { append(element: unknown): void };
}
