/** DNS rebinding: a web page whose host name was pointed to a SuperLink's address, which is then its own origin. */
import assert from "node:assert/strict";
import type { DescMethod } from "@bufbuild/protobuf";
import { PrivateKey } from "../../../auth/private_key.ts";
import { Control } from "../../../proto/gen/current/control_pb.ts";
import { Fleet } from "../../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../../proto/gen/current/runtime_pb.ts";
import { httpPath } from "../../../rpc/http/path.ts";
import { parseResponse, RawConnection } from "../../../rpc/testing/raw_http.ts";
import { readSuperLinkConfig } from "../../../roles/superlink/config.ts";
import { DEFAULT_FLAGS, OFF } from "../../../roles/superlink/flags.ts";
import { startSuperLink } from "../../../roles/superlink/start.ts";
import { headersOf, pemBytes, shown } from "./credentials.ts";
import { bytesOf } from "./wire.ts";

const PAGE = ["Host: evil.example", "Origin: http://evil.example", "Sec-Fetch-Site: same-origin"];
/** Headers without a browser's own: only the host shows that it is a page. */
const SILENT_PAGE = PAGE.slice(0, 1);
const PROGRAM = ["Host: 127.0.0.1"];

/** Sends one request. @returns the status */
type Ask = (
  line: string,
  headers: readonly string[],
  body?: Uint8Array,
) => Promise<number>;

/** Starts a SuperLink that admits everyone. */
async function start(allowedHost?: string) {
  const config = await readSuperLinkConfig({
    ...DEFAULT_FLAGS,
    insecure: true,
    database: ":memory:",
    port: "0",
    fleetApiAddress: OFF,
    controlApiAddress: OFF,
    driverApiAddress: OFF,
    ...(allowedHost === undefined ? {} : { allowedHost }),
  });
  const superLink = await startSuperLink(config);
  const ask: Ask = async (line, headers, body) => {
    using connection = await RawConnection.open(superLink.listeners.http!);
    const length = body === undefined ? [] : [`Content-Length: ${body.length}`];
    const head = [`${line} HTTP/1.1`, "Connection: close", ...headers, ...length];
    await connection.write(`${head.join("\r\n")}\r\n\r\n`);
    if (body !== undefined) await connection.writeBytes(body);
    return parseResponse(await connection.readToEnd()).status;
  };
  return { ask, [Symbol.asyncDispose]: () => superLink[Symbol.asyncDispose]() };
}

async function post(
  ask: Ask,
  who: readonly string[],
  method: DescMethod,
  body: Uint8Array,
  key: PrivateKey,
): Promise<number> {
  const credentials = headersOf(await shown(key)).map(([name, value]) =>
    `${name}: ${typeof value === "string" ? value : value.toBase64()}`
  );
  const headers = [...who, "Content-Type: application/protobuf", ...credentials];
  return await ask(`POST ${httpPath(method)}`, headers, body);
}

Deno.test("a page can neither join the federation nor read anything of it", async () => {
  await using superLink = await start();
  const { ask } = superLink;
  const key = await PrivateKey.generate("P-384");
  const { registerNode, activateNode } = Fleet.method;
  const register = bytesOf(registerNode, { publicKey: pemBytes(key) });
  const activate = bytesOf(activateNode, { publicKey: pemBytes(key), heartbeatInterval: 30 });
  for (const page of [PAGE, SILENT_PAGE]) {
    assert.equal(await post(ask, page, registerNode, register, key), 403);
    assert.equal(await post(ask, page, activateNode, activate, key), 403);
    for (const api of [Fleet, Control, Runtime]) {
      for (const method of api.methods) {
        assert.equal(await post(ask, page, method, new Uint8Array(), key), 403, String(method));
      }
    }
    for (const path of ["/", "/health", "/artifacts/x", "/v1/control/list-runs"]) {
      for (const method of ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"]) {
        assert.equal(await ask(`${method} ${path}`, page), 403, `${method} ${path}`);
      }
    }
  }
  // The response to a program with the same request.
  assert.equal(await post(ask, PROGRAM, registerNode, register, key), 200);
  assert.equal(await post(ask, PROGRAM, activateNode, activate, key), 200);
});

Deno.test("a host name that the operator allows is answered, except for pages", async () => {
  await using superLink = await start("proxy.example.org, evil.example");
  assert.equal(await superLink.ask("GET /health", ["Host: proxy.example.org"]), 200);
  assert.equal(await superLink.ask("GET /health", SILENT_PAGE), 200);
  assert.equal(await superLink.ask("GET /health", PAGE), 403);
  await assert.rejects(start("https://proxy.example.org"), { code: "invalid-argument" });
});
