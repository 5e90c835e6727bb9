import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import type { Channel } from "../../rpc/channel.ts";
import { openChannel } from "../../rpc/grpc/channel.ts";
import { NO_RETRY } from "../../rpc/retry.ts";
import { type TestCertificates, testCertificates } from "../../rpc/testing/certificates.ts";

const ROUNDS = 25;
const CALLS = 1000;
/** Calls in flight at a time. */
const WORKERS = 16;

/** Makes the calls, several at a time, and returns how many were answered. */
async function callMany(channel: Channel): Promise<number> {
  let started = 0;
  let answered = 0;
  const worker = async () => {
    while (started++ < CALLS) {
      const { response } = await channel.call(Driver.method.getNodes, { runId: 7n });
      if (response.nodes[0]?.nodeId === 7n) answered++;
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  return answered;
}

/** Starts the server in a process of its own: one that aborts would take the test with it. */
async function startServerProcess(tls: TestCertificates) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fileURLToPath(new URL("goaway_server.ts", import.meta.url))],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(JSON.stringify(tls)));
  await input.close();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: address = "" } = await output.read();
  return {
    address: address.trim(),
    /** Ends the process and tells how it ended. */
    async stop(): Promise<Deno.CommandStatus> {
      child.kill("SIGTERM");
      await output.cancel();
      return await child.status;
    },
  };
}

// denoland/deno#36788: Deno 2.9.4 to 2.9.8 abort when a client that has made a thousand calls says GOAWAY, as
// every gRPC client does that is closed.
Deno.test("a server survives clients that call a thousand times and hang up", async () => {
  const tls = await testCertificates();
  const server = await startServerProcess(tls);
  const open = () =>
    openChannel({
      address: server.address,
      tls: { rootCertificates: tls.ca },
      retry: NO_RETRY,
    });
  let ended: Deno.CommandStatus;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const channel = open();
      assert.equal(await callMany(channel), CALLS, `round ${round + 1}`);
      channel.close();
    }
    const channel = open();
    assert.equal((await channel.call(Driver.method.createRun, {})).response.runId, 1n);
    channel.close();
  } finally {
    ended = await server.stop();
  }
  assert.equal(ended.signal, "SIGTERM");
});
