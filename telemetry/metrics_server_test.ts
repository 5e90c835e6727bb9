import assert from "node:assert/strict";
import { Gauge, single } from "./gauge.ts";
import { startMetricsServer } from "./metrics_server.ts";
import { Scrapes } from "./scrapes.ts";
import { readOpenMetrics } from "./testing/read_openmetrics.ts";

const TOKEN = "0123456789abcdef";

async function serving(
  token: string | undefined,
  body: (
    fetchMetrics: (headers?: Record<string, string>, path?: string) => Promise<Response>,
    address: string,
  ) => Promise<void>,
): Promise<void> {
  const scrapes = new Scrapes({
    metrics: [new Gauge({ name: "n", help: "N" }, () => single(1))],
  });
  const server = await startMetricsServer({ address: "127.0.0.1:0", token, scrapes });
  try {
    await body(
      (headers = {}, path = "/metrics") => fetch(`http://${server.address}${path}`, { headers }),
      server.address,
    );
  } finally {
    await server.close(0);
  }
}

Deno.test("metrics are served in the accepted format", async () => {
  await serving(undefined, async (get, address) => {
    const open = await get({ accept: "application/openmetrics-text;version=1.0.0" });
    assert.equal(
      open.headers.get("content-type"),
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    assert.equal(readOpenMetrics(await open.text()).get("n")!.samples[0]!.value, 1);
    const plain = await get({ accept: "text/plain" });
    assert.equal(plain.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    await plain.text();
    const head = await fetch(`http://${address}/metrics`, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    for (
      const [path, method, status] of [["/metrics", "POST", 405], ["/", "GET", 404]] as const
    ) {
      const response = await fetch(`http://${address}${path}`, { method });
      await response.body?.cancel();
      assert.equal(response.status, status);
    }
  });
});

Deno.test("web pages are refused, under their own name or the server's", async () => {
  await serving(undefined, async (get, address) => {
    const client = Deno.createHttpClient({ allowHost: true });
    for (
      const headers of [
        { origin: "http://evil.example" },
        { "sec-fetch-site": "same-origin" },
        { "user-agent": "Mozilla/5.0" },
      ] as Record<string, string>[]
    ) {
      const response = await get(headers);
      assert.equal(response.status, 403);
      assert.ok(!(await response.text()).includes("# TYPE"));
    }
    const rebound = await fetch(`http://${address}/metrics`, {
      client,
      headers: { host: "evil.example" },
    });
    assert.equal(rebound.status, 403);
    await rebound.text();
    client.close();
  });
});

Deno.test("with a token, only who has it gets metrics", async () => {
  await serving(TOKEN, async (get) => {
    const wrong = [
      undefined,
      "Bearer",
      `Bearer ${TOKEN}x`,
      `Basic ${TOKEN}`,
      TOKEN,
      `Bearer ${TOKEN} x`,
    ];
    for (const authorization of wrong) {
      const response = await get(authorization === undefined ? {} : { authorization });
      assert.equal(response.status, 401, `${authorization}`);
      assert.equal(response.headers.get("www-authenticate"), "Bearer");
      assert.ok(!(await response.text()).includes("# TYPE"));
    }
    for (const authorization of [`Bearer ${TOKEN}`, `bearer  ${TOKEN}`]) {
      const response = await get({ authorization });
      assert.equal(response.status, 200);
      await response.text();
    }
  });
});
