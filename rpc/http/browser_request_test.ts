import assert from "node:assert/strict";
import { bindControl, serveHttp } from "../testing/control.ts";
import { testCertificates } from "../testing/certificates.ts";
import { parseResponse, RawConnection, type RawResponse } from "../testing/raw_http.ts";

/** Headers that browsers add to a request, one per entry. */
const PAGES: readonly string[] = [
  "Origin: http://127.0.0.1:8000",
  "Origin: null",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Site: none",
  "Sec-Fetch-Dest: image",
  'Sec-CH-UA: "Chromium";v="140"',
  "Referer: http://evil.example/",
  "Access-Control-Request-Method: POST",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
];

const PATHS = [
  "POST /v1/control/list-runs",
  "OPTIONS /v1/control/list-runs",
  "GET /v1/control/list-runs",
  "GET /health",
  "HEAD /health",
  "GET /docs",
  "GET /files/1",
  "GET /",
  "POST /nothing",
  "GET http://127.0.0.1/health",
];

async function ask(
  address: string,
  line: string,
  headers: readonly string[],
): Promise<RawResponse> {
  using connection = await RawConnection.open(address);
  const head = [`${line} HTTP/1.1`, "Connection: close", ...headers];
  if (line.startsWith("POST")) {
    head.push("Content-Type: application/protobuf", "Content-Length: 0");
  }
  await connection.write(`${head.join("\r\n")}\r\n\r\n`);
  return parseResponse(await connection.readToEnd());
}

/** Starts a server with a method, a route and a download, and records their calls. */
async function serve(options: { hostNames?: string[] } = {}) {
  const reached: string[] = [];
  const binding = bindControl({
    listRuns: () => {
      reached.push("a method");
      return Promise.resolve({});
    },
  });
  const server = await serveHttp(binding, {
    ...options,
    routes: {
      "/docs": () => {
        reached.push("a route");
        return { status: 200, headers: {}, body: "" };
      },
    },
    downloads: [{
      prefix: "/files/",
      open: () => {
        reached.push("a download");
        return Promise.resolve({ headers: {}, length: 0, content: () => ReadableStream.from([]) });
      },
    }],
  });
  return { server, reached };
}

Deno.test("web pages are refused on every path", async () => {
  const { server, reached } = await serve();
  for (const mark of PAGES) {
    for (const path of PATHS) {
      const { status, headers } = await ask(server.address, path, ["Host: 127.0.0.1", mark]);
      assert.equal(status, 403, `${path}, ${mark}`);
      assert.equal(headers.get("access-control-allow-origin"), undefined);
    }
  }
  assert.deepEqual(reached, []);
  await server.close(1);
});

Deno.test("a page with a rebound DNS name is refused", async () => {
  const { server, reached } = await serve();
  for (const host of ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "a, b"]) {
    for (const path of PATHS) {
      assert.equal((await ask(server.address, path, [`Host: ${host}`])).status, 403, path);
    }
  }
  assert.equal((await ask(server.address, PATHS[0]!, ["Host: a", "Host: b"])).status, 400);
  assert.equal((await ask(server.address, PATHS[0]!, [])).status, 400);
  assert.deepEqual(reached, []);
  await server.close(1);
});

Deno.test("programs are answered under any address and name of the server", async () => {
  const { server, reached } = await serve({ hostNames: ["superlink.example.org"] });
  const hosts = ["127.0.0.1:8000", "[::1]:8000", "10.0.0.7", "localhost", "superlink:8000"];
  for (const host of [...hosts, "superlink.example.org"]) {
    for (const agent of ["python-requests/2.32.5", "Deno/2.9.3", "curl/8.5.0"]) {
      const headers = [`Host: ${host}`, `User-Agent: ${agent}`, "Accept: */*", "Cookie: a=b"];
      for (const path of ["POST /v1/control/list-runs", "GET /docs", "GET /files/1"]) {
        assert.equal((await ask(server.address, path, headers)).status, 200, `${path}, ${host}`);
      }
    }
  }
  assert.equal(reached.length, 6 * 3 * 3);
  const { status } = await ask(server.address, "GET /health", []);
  assert.equal(status, 200, "load balancers ask so");
  await server.close(1);
});

Deno.test("a server with TLS answers under its certificate's names", async () => {
  const { ca, cert, key } = await testCertificates(["localhost", "127.0.0.1", "fl.example.org"]);
  const server = await serveHttp(bindControl({}), { tls: { ca, cert, key } });
  const client = Deno.createHttpClient({ caCerts: [ca], allowHost: true });
  for (const [host, status] of [["fl.example.org", 200], ["evil.example", 403]] as const) {
    const answer = await fetch(`https://${server.address}/health`, { client, headers: { host } });
    await answer.body?.cancel();
    assert.equal(answer.status, status, host);
  }
  client.close();
  await server.close(1);
});
