/** What a dashboard answers, and whom it refuses. */
import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { API_PATHS } from "./routes.ts";
import { type Dashboard, startDashboard } from "./server.ts";
import { MAX_SESSIONS } from "./sessions.ts";
import { MAX_STREAMS } from "./event_streams.ts";
import { FakeSource } from "./testing/fake_source.ts";
import { rawRequest } from "./testing/raw_request.ts";

const JSON_HEADERS = { "content-type": "application/json" };

/** A dashboard with a fake source, and the cookie of a session. */
async function withDashboard(
  body: (
    dashboard: Dashboard & { origin: string; cookie: string; source: FakeSource },
  ) => Promise<void>,
): Promise<void> {
  const source = new FakeSource();
  await using dashboard = startDashboard("127.0.0.1:0", source);
  const origin = `http://${dashboard.address}`;
  const { cookie } = await signIn(dashboard, tokenOf(dashboard));
  await body({ ...dashboard, origin, cookie: cookie!, source });
}

function tokenOf({ url }: Dashboard): string {
  return new URL(url).hash.replace("#token=", "");
}

async function signIn(
  { address }: Dashboard,
  token: string,
): Promise<{ status: number; setCookie: string; cookie: string | undefined }> {
  const response = await rawRequest(address, "POST", "/session", {
    ...JSON_HEADERS,
    origin: `http://${address}`,
  }, JSON.stringify({ token }));
  const setCookie = response.headers["set-cookie"] ?? "";
  return { status: response.status, setCookie, cookie: setCookie.split(";")[0] };
}

Deno.test("dashboard: the token is in the fragment, has 256 bits, and opens a session", () =>
  withDashboard(async (dashboard) => {
    const { hash, search, pathname } = new URL(dashboard.url);
    assert.deepEqual([pathname, search], ["/", ""]);
    assert.equal(Uint8Array.fromBase64(hash.slice(7), { alphabet: "base64url" }).length, 32);
    const wrong = await signIn(dashboard, "A".repeat(43));
    assert.deepEqual([wrong.status, wrong.setCookie], [401, ""]);
    const { status, setCookie } = await signIn(dashboard, tokenOf(dashboard));
    assert.equal(status, 204);
    const [pair, ...attributes] = setCookie.split("; ");
    // Cookies do not distinguish ports: two dashboards on a host need two names.
    assert.equal(pair!.split("=")[0], `flwr-dashboard-${dashboard.address.split(":")[1]}`);
    assert.deepEqual(attributes.toSorted(), ["HttpOnly", "Path=/", "SameSite=Strict"]);
  }));

Deno.test("dashboard: all data and acts need a session", () =>
  withDashboard(async ({ address, origin, cookie, source }) => {
    for (const [method, paths] of Object.entries(API_PATHS)) {
      for (const pattern of paths) {
        const path = pattern.replace(":run", "7").replace(":round", "1").replace(":name", "a");
        const headers = method === "post" ? { ...JSON_HEADERS, origin } : {};
        const name = `${method} ${path}`;
        for (const cookies of ["", `${cookie}x`, cookie.replace(/\d+=/, "1=")]) {
          const { status } = await rawRequest(
            address,
            method.toUpperCase(),
            path,
            { ...headers, ...(cookies !== "" && { cookie: cookies }) },
            method === "post" ? "{}" : undefined,
          );
          assert.equal(status, 401, name);
        }
      }
    }
    assert.deepEqual(source.acts, []);
  }));

Deno.test("dashboard: another host is refused, which ends DNS rebinding", () =>
  withDashboard(async ({ address, cookie }) => {
    const port = address.split(":")[1];
    const statusOf = async (host: string) =>
      (await rawRequest(address, "GET", "/api/runs", { host, cookie })).status;
    for (const name of ["127.0.0.1", "localhost", "[::1]", "LocalHost"]) {
      assert.equal(await statusOf(`${name}:${port}`), 200, name);
    }
    for (
      const host of [
        "attacker.example",
        `attacker.example:${port}`,
        "127.0.0.1",
        "127.0.0.1:1",
        `127.0.0.1.:${port}`,
        `10.0.0.1:${port}`,
      ]
    ) {
      assert.equal(await statusOf(host), 421, host);
    }
  }));

Deno.test("dashboard: pages of other sites and of other ports are refused", () =>
  withDashboard(async ({ address, origin, cookie, source }) => {
    const stop = (headers: Record<string, string>) =>
      rawRequest(address, "POST", "/api/runs/7/stop", { cookie, ...headers }, "{}");
    const own = { ...JSON_HEADERS, origin };
    for (
      const [headers, status] of [
        [{ ...own, origin: "https://attacker.example" }, 403],
        [{ ...own, origin: "http://127.0.0.1:1" }, 403],
        [{ ...own, origin: "null" }, 403],
        [{ ...own, origin: origin.replace("http:", "https:") }, 403],
        [JSON_HEADERS, 403],
        [{ ...own, "sec-fetch-site": "same-site" }, 403],
        [{ ...own, "sec-fetch-site": "cross-site" }, 403],
        [{ ...own, "content-type": "text/plain" }, 415],
        [{ ...own, "content-type": "application/x-www-form-urlencoded" }, 415],
      ] as const
    ) {
      assert.equal((await stop(headers)).status, status, JSON.stringify(headers));
      assert.deepEqual(source.acts, []);
    }
    assert.equal((await stop({ ...own, "sec-fetch-site": "same-origin" })).status, 200);
    assert.deepEqual(source.acts, ["stop 7"]);
    // Another port of this machine is of the same site, so its requests carry the cookie, also those that read.
    for (const path of ["/api/runs", "/api/stream", "/page.js"]) {
      const from = (site: string) =>
        rawRequest(address, "GET", path, {
          cookie,
          "sec-fetch-site": site,
          "sec-fetch-mode": "no-cors",
        });
      assert.equal((await from("same-site")).status, 403, path);
      assert.equal((await from("cross-site")).status, 403, path);
    }
    // A link from elsewhere opens the page, which has no data.
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    assert.equal((await rawRequest(address, "GET", "/", link)).status, 200);
    assert.equal((await rawRequest(address, "GET", "/api/runs", { ...link, cookie })).status, 403);
  }));

Deno.test("dashboard: GET and HEAD change nothing, and other methods are refused", () =>
  withDashboard(async ({ address, origin, cookie, source }) => {
    for (const path of API_PATHS.post.map((path) => path.replace(":run", "7"))) {
      for (const method of ["GET", "HEAD"]) {
        const { status } = await rawRequest(address, method, path, { cookie });
        assert.equal(status, 405, `${method} ${path}`);
      }
    }
    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const headers = { cookie, origin, ...JSON_HEADERS };
      const { status } = await rawRequest(address, method, "/api/runs/7/stop", headers);
      assert.equal(status, 405, method);
    }
    assert.deepEqual(source.acts, []);
  }));

Deno.test("dashboard: every answer has the headers that confine the page", () =>
  withDashboard(async ({ address, cookie }) => {
    for (const path of ["/", "/page.js", "/page.css", "/favicon.svg", "/api/runs", "/nothing"]) {
      const { headers } = await rawRequest(address, "GET", path, { cookie });
      const policy = headers["content-security-policy"] ?? "";
      for (
        const part of [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "frame-ancestors 'none'",
          "base-uri 'none'",
          "require-trusted-types-for 'script'",
        ]
      ) {
        assert.ok(policy.includes(part), `${path}: ${part}`);
      }
      assert.ok(!/unsafe|\*|https?:/.test(policy), policy);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["cross-origin-resource-policy"], "same-origin");
      assert.equal(headers["cross-origin-opener-policy"], "same-origin");
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["access-control-allow-origin"], undefined);
    }
  }));

Deno.test("dashboard: files of apps are saved, not shown", () =>
  withDashboard(async ({ address, cookie, source }) => {
    const path = `/api/runs/7/artifacts/${encodeURIComponent("a/mo\"del\r\n'.html")}`;
    const { status, headers, body } = await rawRequest(address, "GET", path, { cookie });
    assert.deepEqual([status, body], [200, source.file]);
    assert.equal(headers["content-type"], "application/octet-stream");
    assert.equal(
      headers["content-disposition"],
      "attachment; filename*=UTF-8''mo%22del%0D%0A%27.html",
    );
    assert.equal(headers["content-length"], String(source.file.length));
  }));

Deno.test("dashboard: bodies are bounded and must be JSON objects", () =>
  withDashboard(async ({ address, origin, cookie, source }) => {
    const again = async (body: string, framing = {}) => {
      const headers = { cookie, origin, ...JSON_HEADERS, ...framing };
      return (await rawRequest(address, "POST", "/api/runs/7/again", headers, body)).status;
    };
    assert.equal(await again(JSON.stringify({ settings: "x".repeat(70_000) })), 413);
    assert.equal(await again(JSON.stringify({ settings: "x".repeat(40_000) })), 400);
    const chunked = { "transfer-encoding": "chunked" };
    assert.equal(await again(JSON.stringify({ settings: "x".repeat(70_000) }), chunked), 413);
    // Refused by its announced length, before memory is reserved or the body arrives.
    assert.equal(await again("{", { "content-length": "900000000" }), 413);
    for (const body of ["", "[]", "1", "{", '{"settings":1}', "{}"]) {
      assert.equal(await again(body), 400, body);
    }
    assert.deepEqual(source.acts, []);
    assert.equal(await again(JSON.stringify({ settings: "a = 1" })), 200);
    assert.deepEqual(source.acts, ["again 7 a = 1"]);
  }));

Deno.test("dashboard: ids and numbers out of range are refused", () =>
  withDashboard(async ({ address, cookie }) => {
    for (
      const [path, status] of [
        ["/api/runs/8", 404],
        ["/api/runs/x", 400],
        ["/api/runs/99999999999999999999", 400],
        ["/api/runs/7/artifacts/%ff", 400],
        ["/api/runs?limit=201", 400],
        ["/api/runs?skip=-1", 400],
        ["/api/runs/7/series?phase=x", 400],
        ["/api/events?before=1e99", 400],
        ["/api/stream?log=7&after=NaN", 400],
      ] as const
    ) {
      assert.equal((await rawRequest(address, "GET", path, { cookie })).status, status, path);
    }
  }));

Deno.test("dashboard: sessions are bounded, and end with the sign-out", () =>
  withDashboard(async (dashboard) => {
    const { address, origin, cookie } = dashboard;
    const statusOf = async (cookie: string) =>
      (await rawRequest(address, "GET", "/api/overview", { cookie })).status;
    const cookies: string[] = [];
    for (let count = 0; count < MAX_SESSIONS; count++) {
      cookies.push((await signIn(dashboard, tokenOf(dashboard))).cookie!);
    }
    assert.deepEqual([await statusOf(cookie), await statusOf(cookies[0]!)], [401, 200]);
    const headers = { origin, ...JSON_HEADERS, cookie: cookies[1]! };
    const end = await rawRequest(address, "POST", "/session/end", headers, "{}");
    assert.match(end.headers["set-cookie"]!, /Max-Age=0/);
    assert.deepEqual([await statusOf(cookies[1]!), await statusOf(cookies[2]!)], [401, 200]);
  }));

Deno.test("dashboard: streams are bounded, tell changes, and end with the session", () =>
  withDashboard(async ({ address, origin, cookie, source }) => {
    const streams: ReadableStreamDefaultReader<string>[] = [];
    const open = () => fetch(`${origin}/api/stream`, { headers: { cookie } });
    for (let count = 0; count < MAX_STREAMS; count++) {
      const response = await open();
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      assert.match((await reader.read()).value!, /^retry/);
      streams.push(reader);
    }
    const refused = await open();
    assert.equal(refused.status, 503);
    await refused.body?.cancel();
    // All share one reader of changes, and changes that were not taken are combined.
    assert.equal(source.readers.size, 1);
    const [tell] = source.readers;
    tell!({ runs: ["7"], nodes: false, now: 1 });
    tell!({ runs: ["8", "7"], nodes: true, now: 2 });
    const { value } = await streams[0]!.read();
    assert.deepEqual(JSON.parse(/^data: (.*)$/m.exec(value!)![1]!), {
      runs: ["7", "8"],
      nodes: true,
      now: 2,
    });
    const headers = { origin, ...JSON_HEADERS, cookie };
    await rawRequest(address, "POST", "/session/end", headers, "{}");
    for (const reader of streams) while (!(await reader.read()).done);
    assert.equal(source.readers.size, 0);
  }));

Deno.test("dashboard: a stream sends a log once, from the position where it was", () =>
  withDashboard(async ({ origin, cookie, source }) => {
    source.logPieces.push(
      { text: "one\n", position: 10, isEnd: false },
      { text: "two\n", position: 20.5, isEnd: false },
      { text: "three\n", position: 30, isEnd: true },
    );
    const textsOf = async (query: string, headers = {}) => {
      const response = await fetch(`${origin}/api/stream${query}`, {
        headers: { cookie, ...headers },
      });
      let text = "";
      for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
        text += piece;
        if (text.includes("three")) break;
      }
      return [...text.matchAll(/^data: (.*)$/mg)].map(([, data]) => JSON.parse(data!).text);
    };
    assert.deepEqual(await textsOf("?log=7&after=0"), ["one\n", "two\n", "three\n"]);
    // As a browser that connects again.
    assert.deepEqual(await textsOf("?log=7&after=0", { "last-event-id": "10" }), [
      "two\n",
      "three\n",
    ]);
  }));

Deno.test("dashboard: it listens on this machine only", () => {
  for (const address of ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "superlink.example.org:0"]) {
    assert.throws(
      () => startDashboard(address, new FakeSource()),
      (error) => error instanceof FlwrError && error.code === "failed-precondition",
      address,
    );
  }
});
