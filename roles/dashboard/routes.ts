import { FlwrError } from "../../base/error.ts";
import type { Connection } from "../../rpc/http/connections.ts";
import { HttpRefusal, methodNotAllowed } from "../../rpc/http/refusal.ts";
import { responseBody } from "../../rpc/http/response_body.ts";
import { bodySeconds } from "../../rpc/body_pace.ts";
import { textOf } from "../../base/untrusted.ts";
import type { EventStreams } from "./event_streams.ts";
import type { PhaseName } from "./model/rounds.ts";
import { readJson } from "./request_body.ts";
import { RESPONSE_HEADERS } from "./response_headers.ts";
import type { Session } from "./sessions.ts";
import type { ArtifactContent, DashboardSource } from "./source.ts";

/** Runs in one answer. */
const MAX_LISTED_RUNS = 200;

/** Characters of a run's settings. */
const MAX_SETTINGS_LENGTH = 32 * 1024;

/** A request of a page that has a session. */
export interface ApiCall {
  readonly request: Request;
  readonly connection: Connection;
  readonly session: Session;
  readonly source: DashboardSource;
  readonly streams: EventStreams;
  readonly query: URLSearchParams;
  /** The parts of the path that the route's pattern names. */
  readonly parts: Readonly<Record<string, string>>;
}

/** Answers a request: a value is sent as JSON. */
type Handler = (call: ApiCall) => Promise<unknown> | Response;

/** The data of the page: reading. */
const GET_ROUTES: Readonly<Record<string, Handler>> = {
  "/api/overview": ({ source }) => source.overview(),
  "/api/runs": ({ source, query }) =>
    source.runs({
      skip: wholeNumber(query, "skip", 0, Number.MAX_SAFE_INTEGER),
      limit: wholeNumber(query, "limit", MAX_LISTED_RUNS, MAX_LISTED_RUNS),
    }),
  "/api/runs/:run": ({ source, parts }) => source.run(idOf(parts.run!)),
  "/api/runs/:run/artifacts/:name": async ({ source, parts, connection }) =>
    attachment(await source.artifact(idOf(parts.run!), parts.name!), parts.name!, connection),
  "/api/runs/:run/rounds": ({ source, parts, query }) =>
    source.rounds(idOf(parts.run!), wholeNumber(query, "from", 0, Number.MAX_SAFE_INTEGER)),
  "/api/runs/:run/rounds/:round": ({ source, parts }) =>
    source.round(idOf(parts.run!), Number(idOf(parts.round!))),
  "/api/runs/:run/series": ({ source, parts, query }) =>
    source.series(idOf(parts.run!), phaseOf(query), query.get("metric") ?? ""),
  "/api/nodes": ({ source }) => source.nodes(),
  "/api/events": ({ source, query }) => {
    const run = query.get("run");
    const before = query.has("before")
      ? wholeNumber(query, "before", 0, Number.MAX_SAFE_INTEGER)
      : Infinity;
    return source.events(before, run === null ? undefined : idOf(run));
  },
  "/api/stream": (call) => openStream(call),
};

/** The acts of the page. */
const POST_ROUTES: Readonly<Record<string, Handler>> = {
  "/api/runs/:run/stop": async ({ source, parts, request }) => {
    await readJson(request);
    await source.stop(idOf(parts.run!));
    return {};
  },
  "/api/runs/:run/again": async ({ source, parts, request }) => {
    const settings = textOf((await readJson(request)).settings, "settings", MAX_SETTINGS_LENGTH);
    return { id: String(await source.runAgain(idOf(parts.run!), settings)) };
  },
};

/** All paths with data, for tests: each needs a session. */
export const API_PATHS = { get: Object.keys(GET_ROUTES), post: Object.keys(POST_ROUTES) };

/** Answers a request below "/api/". @throws HttpRefusal or FlwrError */
export async function answerApi(
  call: Omit<ApiCall, "parts">,
  path: string,
): Promise<Response> {
  const reading = find(GET_ROUTES, path);
  const found = reading ?? find(POST_ROUTES, path);
  const method = reading === undefined ? "POST" : "GET";
  if (found === undefined) throw new HttpRefusal(404, "Not found");
  if (call.request.method !== method) throw methodNotAllowed(method);
  const [handler, parts] = found;
  const answer = await handler({ ...call, parts });
  if (answer instanceof Response) return answer;
  return new Response(JSON.stringify(answer), {
    headers: { ...RESPONSE_HEADERS, "content-type": "application/json" },
  });
}

function find(
  routes: Readonly<Record<string, Handler>>,
  path: string,
): [Handler, Record<string, string>] | undefined {
  const given = path.split("/");
  for (const [pattern, handler] of Object.entries(routes)) {
    const names = pattern.split("/");
    if (names.length !== given.length) continue;
    const parts: Record<string, string> = {};
    const fits = names.every((name, index) => {
      const text = given[index]!;
      if (!name.startsWith(":")) return name === text;
      parts[name.slice(1)] = decoded(text);
      return text !== "";
    });
    if (fits) return [handler, parts];
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpRefusal(400, "The path is malformed");
  }
}

/** @throws HttpRefusal if it is no id */
function idOf(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw new HttpRefusal(400, "Not an id");
  const id = BigInt(text);
  if (id >= 2n ** 64n) throw new HttpRefusal(400, "Not an id");
  return id;
}

function wholeNumber(
  query: URLSearchParams,
  name: string,
  fallback: number,
  most: number,
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (value <= most) return value;
  throw new HttpRefusal(400, `"${name}" must be a whole number up to ${most}`);
}

function phaseOf(query: URLSearchParams): PhaseName {
  const phase = query.get("phase");
  if (phase === "train" || phase === "evaluate") return phase;
  throw new HttpRefusal(400, '"phase" must be "train" or "evaluate"');
}

function openStream({ request, connection, session, source, streams, query }: ApiCall): Response {
  const text = query.get("log");
  if (text === null) return streams.open(connection, session.signal);
  const run = idOf(text);
  // The browser sends the id of the last message when it connects again.
  const position = Number(request.headers.get("last-event-id") ?? query.get("after") ?? 0);
  if (!(position >= 0 && position < Infinity)) {
    throw new HttpRefusal(400, '"after" must be a number from 0');
  }
  return streams.open(connection, session.signal, {
    position,
    next: (after, signal) => source.log(run, after, { hold: true, signal }),
  });
}

/** A file of a run. Browsers save it: they never show or run it in the dashboard's name. */
function attachment(
  { size, pieces }: ArtifactContent,
  name: string,
  connection: Connection,
): Response {
  const source = pieces();
  const body = responseBody(connection, {
    seconds: bodySeconds,
    next: async () => {
      const { done, value } = await source.next();
      return done ? undefined : value;
    },
    ended: () => void source.return().catch(() => {}),
  });
  const file = name.split("/").at(-1)!;
  return new Response(body, {
    headers: {
      ...RESPONSE_HEADERS,
      "content-type": "application/octet-stream",
      "content-length": String(size),
      "content-disposition": `attachment; filename*=UTF-8''${encoded(file)}`,
    },
  });
}

/** A text as RFC 8187 writes it. */
function encoded(text: string): string {
  try {
    return encodeURIComponent(text).replace(
      /['()*!]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  } catch {
    throw new FlwrError("not-found", "There is no such file");
  }
}
