import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseAddress } from "../../rpc/address.ts";
import { rawRequest } from "../../rpc/testing/raw_http.ts";

/** File descriptors that the server may have; some thirty are Deno's own. */
const DESCRIPTORS = 90;
const CONNECTIONS = 150;

async function startServerProcess() {
  const script = fileURLToPath(new URL("descriptors_server.ts", import.meta.url));
  const child = new Deno.Command("sh", {
    args: ["-c", `ulimit -n ${DESCRIPTORS} && exec "$0" run -A "$1"`, Deno.execPath(), script],
    stdout: "piped",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: address = "" } = await output.read();
  return {
    address: address.trim(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await output.cancel();
      await child.status;
    },
  };
}

Deno.test({
  name: "a server that has no file descriptor left lets unused connections go and answers others",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using server = await startServerProcess();
    const { host: hostname, port } = parseAddress(server.address);
    const silent: Deno.Conn[] = [];
    for (let i = 0; i < CONNECTIONS; i++) silent.push(await Deno.connect({ hostname, port }));
    for (let call = 0; call < 3; call++) {
      assert.equal((await rawRequest(server.address, "GET /health")).status, 200);
    }
    for (const connection of silent) connection.close();
    assert.equal((await rawRequest(server.address, "GET /health")).status, 200);
  },
});
