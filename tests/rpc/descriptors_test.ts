import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseAddress } from "../../rpc/address.ts";
import { Control } from "../../proto/gen/current/control_pb.ts";
import type { Channel } from "../../rpc/channel.ts";
import { openChannel } from "../../rpc/grpc/channel.ts";
import { NO_RETRY } from "../../rpc/retry.ts";
import { rawRequest } from "../../rpc/testing/raw_http.ts";

/** File descriptors that the server may have; some thirty are Deno's own. */
const DESCRIPTORS = 90;
const CONNECTIONS = 150;

/** As many connections as have no place, on which nothing is said. */
async function openSilent(address: string): Promise<Deno.Conn[]> {
  const { host: hostname, port } = parseAddress(address);
  const silent: Deno.Conn[] = [];
  for (let i = 0; i < CONNECTIONS; i++) silent.push(await Deno.connect({ hostname, port }));
  return silent;
}

async function startServerProcess() {
  const script = fileURLToPath(new URL("descriptors_server.ts", import.meta.url));
  const child = new Deno.Command("sh", {
    args: ["-c", `ulimit -n ${DESCRIPTORS} && exec "$0" run -A "$1"`, Deno.execPath(), script],
    stdout: "piped",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await output.read();
  const [http = "", grpc = ""] = value.trim().split(" ");
  return {
    http,
    grpc,
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
    const silent = await openSilent(server.http);
    for (let call = 0; call < 3; call++) {
      assert.equal((await rawRequest(server.http, "GET /health")).status, 200);
    }
    for (const connection of silent) connection.close();
    assert.equal((await rawRequest(server.http, "GET /health")).status, 200);
  },
});

Deno.test({
  name: "over gRPC it closes the oldest connections that proved nothing, and nobody else's",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using server = await startServerProcess();
    const open = () => openChannel({ address: server.grpc, tls: "insecure", retry: NO_RETRY });
    const call = async (channel: Channel) => {
      const { response } = await channel.call(Control.method.listRuns, {}, { timeoutSeconds: 20 });
      assert.equal(response.now, "then");
    };
    const known = open();
    await call(known);
    const silent = await openSilent(server.grpc);
    const newcomer = open();
    for (let times = 0; times < 3; times++) await Promise.all([call(known), call(newcomer)]);
    for (const connection of silent) connection.close();
    known.close();
    newcomer.close();
  },
});
