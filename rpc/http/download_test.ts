import { MAX_DOWNLOADS } from "./download.ts";
import assert from "node:assert/strict";
import { connect } from "node:net";
import { FlwrError } from "../../base/error.ts";
import { parseAddress } from "../address.ts";
import { rawRequest } from "../testing/raw_http.ts";
import type { FileDownload } from "./download.ts";
import { startHttpServer } from "./server.ts";
import { eventually } from "../../tests/support/deadline.ts";

const PIECE = 1024 * 1024;

/** Files by path, in pieces of 1 MiB. Counts the requested pieces. */
class Files implements FileDownload {
  readonly prefix = "/files/";
  asked = 0;
  /** Numbers of contents that were opened, and that have ended. */
  begun = 0;
  ended = 0;
  /** Awaited before each piece. */
  gate: () => Promise<void> = () => Promise.resolve();

  open(path: string) {
    const [, pieces, claimed] = /^(\d+)(?:-of-(\d+))?\.bin$/.exec(path) ?? [];
    if (pieces === undefined) throw new FlwrError("not-found", `There is no "${path}"`);
    return Promise.resolve({
      headers: { "content-type": "application/x-test" },
      length: Number(claimed ?? pieces) * PIECE,
      content: () => this.#content(Number(pieces)),
    });
  }

  async *#content(pieces: number) {
    this.begun++;
    try {
      for (let piece = 0; piece < pieces; piece++) {
        await this.gate();
        this.asked++;
        yield new Uint8Array(PIECE).fill(piece);
      }
    } finally {
      this.ended++;
    }
  }
}

async function serving(body: (files: Files, origin: string) => Promise<void>): Promise<void> {
  const files = new Files();
  const server = await startHttpServer({
    address: "127.0.0.1:0",
    services: [],
    downloads: [files],
  });
  try {
    await body(files, `http://${server.address}`);
  } finally {
    await server.close(1);
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  await eventually(condition, 20, what);
}

Deno.test("download: a file arrives complete, with its length and type", () =>
  serving(async (files, origin) => {
    const answer = await fetch(`${origin}/files/3.bin?x=1`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-length"), String(3 * PIECE));
    assert.equal(answer.headers.get("content-type"), "application/x-test");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    for (let piece = 0; piece < 3; piece++) {
      assert.ok(bytes.subarray(piece * PIECE, (piece + 1) * PIECE).every((byte) => byte === piece));
    }
    const empty = await fetch(`${origin}/files/0.bin`);
    assert.deepEqual(new Uint8Array(await empty.arrayBuffer()), new Uint8Array());
    assert.deepEqual([files.begun, files.ended], [2, 2]);
  }));

Deno.test("download: HEAD gets the same headers and reads nothing", () =>
  serving(async (files, origin) => {
    const answer = await fetch(`${origin}/files/3.bin`, { method: "HEAD" });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-length"), String(3 * PIECE));
    assert.equal(await answer.text(), "");
    assert.equal(files.begun, 0);
  }));

Deno.test("download: missing files and other methods are refused with an explanation", () =>
  serving(async (_, origin) => {
    const address = origin.slice("http://".length);
    const missing = await rawRequest(address, "GET /files/none");
    assert.deepEqual([missing.status, JSON.parse(missing.body)], [404, {
      detail: 'There is no "none"',
    }]);
    const posted = await rawRequest(address, "POST /files/3.bin");
    assert.deepEqual([posted.status, posted.headers.get("allow")], [405, "GET, HEAD"]);
    assert.equal((await rawRequest(address, "GET /filesx")).status, 404);
  }));

Deno.test("download: a file shorter than announced is truncated", () =>
  serving(async (files, origin) => {
    const answer = await fetch(`${origin}/files/2-of-3.bin`);
    assert.equal(answer.headers.get("content-length"), String(3 * PIECE));
    await assert.rejects(answer.arrayBuffer());
    await until(() => files.ended === 1, "the content to be let go of");
  }));

Deno.test("download: a file is read only as fast as the caller, and closed when it disconnects", () =>
  serving(async (files, origin) => {
    const { host, port } = parseAddress(origin.slice("http://".length));
    const socket = connect({ host, port });
    socket.pause();
    socket.write("GET /files/200.bin HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => files.asked > 0, "the first piece");
    // Only what fits the sockets of both ends can be on its way: wait until no more is requested.
    let [before, still] = [-1, 0];
    await until(() => {
      still = before === files.asked ? still + 1 : 0;
      before = files.asked;
      return still === 40;
    }, "the sockets to be full");
    assert.ok(files.asked < 50, `${files.asked} of 200 pieces were read`);
    assert.equal(files.ended, 0);
    socket.destroy();
    await until(() => files.ended === 1, "the content to be let go of");
  }));

Deno.test("download: the number of simultaneous files is limited", () =>
  serving(async (files, origin) => {
    const gate = Promise.withResolvers<void>();
    files.gate = () => gate.promise;
    const open = Array.from({ length: MAX_DOWNLOADS }, () => fetch(`${origin}/files/1.bin`));
    await until(() => files.begun === MAX_DOWNLOADS, "all of them to begin");
    const refused = await fetch(`${origin}/files/1.bin`);
    assert.equal(refused.status, 503);
    await refused.body?.cancel();
    gate.resolve();
    for (const answer of await Promise.all(open)) {
      assert.equal((await answer.arrayBuffer()).byteLength, PIECE);
    }
    await until(() => files.ended === MAX_DOWNLOADS, "all of them to end");
    assert.equal((await (await fetch(`${origin}/files/1.bin`)).arrayBuffer()).byteLength, PIECE);
  }));
