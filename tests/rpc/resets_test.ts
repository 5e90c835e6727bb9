/**
 * Over plain text, Deno's HTTP server takes HTTP/2 before any code of ours sees the connection, and its HTTP/2 writes a
 * line to stderr for each connection whose client takes back more than twenty requests that it has just made: as many as
 * a stranger likes. It is a warning of Deno's own, so that the programs are started with `--quiet`.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { encodeFields } from "../../rpc/http2/hpack/encode.ts";
import { ERROR, FRAME, frame, uint32s } from "../../rpc/http2/protocol.ts";
import { headersFrame, RawHttp2 } from "../../rpc/testing/raw_http2.ts";
import { launcherFile, LAUNCHERS } from "../../scripts/install/launcher.ts";
import settings from "../../deno.json" with { type: "json" };

const HEAD = encodeFields([
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/v1/control/list-runs"],
  [":authority", "a"],
]);
const CONNECTIONS = 5;

/** What a server's process writes to stderr while clients take their requests back. */
async function written(words: readonly string[]): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...words, fileURLToPath(new URL("reset_server.ts", import.meta.url))],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: address = "" } = await output.read();
  for (let place = 0; place < CONNECTIONS; place++) {
    using client = await RawHttp2.open(address.trim());
    for (let call = 0; call < 300; call++) {
      const id = 1 + 2 * call;
      const reset = frame(FRAME.rstStream, 0, id, uint32s(ERROR.cancel));
      if (!await client.send(headersFrame(id, HEAD, 0), reset)) break;
    }
    while (await client.next() !== undefined);
  }
  child.kill("SIGTERM");
  await output.cancel();
  await child.status;
  return await stderr;
}

Deno.test("requests that are taken back over plain HTTP/2 leave no line on stderr", async () => {
  const [deno, ...words] = settings.tasks.flwr.split(" ");
  assert.deepEqual([deno, words.pop()], ["deno", "main.ts"]);
  assert.equal(await written(words), "");
});

Deno.test("installed commands are started so that Deno's own warnings stay out of their logs", () => {
  const target = { deno: "/deno", project: "/project", build: undefined };
  for (const os of ["linux", "windows"] as const) {
    for (const launcher of LAUNCHERS) {
      const { text } = launcherFile(launcher, { ...target, os });
      assert.match(text, /run"? "?-A"? "?--quiet/);
    }
  }
});
