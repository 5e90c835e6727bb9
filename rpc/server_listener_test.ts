import assert from "node:assert/strict";
import { connect } from "node:tls";
import { once } from "node:events";
import { openChannel } from "./grpc/channel.ts";
import { openHttpChannel } from "./http/channel.ts";
import { parseAddress } from "./address.ts";
import type { Channel } from "./channel.ts";
import type { RpcServer } from "./server.ts";
import { findPort, ServerListener } from "./server_listener.ts";
import { testCertificates } from "./testing/certificates.ts";
import { bindControl, serveGrpc, serveHttp } from "./testing/control.ts";
import { Control } from "../proto/gen/current/control_pb.ts";

const WIRES = {
  gRPC: { serve: serveGrpc, open: openChannel, protocol: "h2" },
  HTTP: { serve: serveHttp, open: openHttpChannel, protocol: "http/1.1" },
} as const;

/** The SHA-256 fingerprint of the certificate that a server shows, and the protocol it agrees on. */
async function shown(address: string): Promise<[string, string | false | null]> {
  const { host, port } = parseAddress(address);
  const ALPNProtocols = ["h2", "http/1.1"];
  const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols });
  await once(socket, "secureConnect");
  const found = [socket.getPeerCertificate().fingerprint256, socket.alpnProtocol] as const;
  socket.destroy();
  return [...found];
}

for (const [name, { serve, open, protocol }] of Object.entries(WIRES)) {
  Deno.test(`${name}: a new certificate is for new connections, and a call that is held goes on`, async () => {
    const [before, after] = [await testCertificates(), await testCertificates()];
    const { promise: release, resolve: answer } = Promise.withResolvers<void>();
    const { promise: held, resolve: isHeld } = Promise.withResolvers<void>();
    let calls = 0;
    const binding = bindControl({
      async listRuns() {
        calls += 1;
        if (calls === 1) {
          isHeld();
          await release;
        }
        return { now: `${calls}` };
      },
    });
    const server: RpcServer = await serve(binding, { tls: before });
    const channels: Channel[] = [];
    const call = (rootCertificates: string) => {
      const channel = open({ address: server.address, tls: { rootCertificates } });
      channels.push(channel);
      return channel.call(Control.method.listRuns, {});
    };
    const first = call(before.ca);
    await held;
    const [old] = await shown(server.address);

    await server.renew(after);

    const [next, agreed] = await shown(server.address);
    assert.notEqual(next, old);
    assert.equal(agreed, protocol);
    await call(after.ca);
    await assert.rejects(call(before.ca), { code: "failed-precondition" });
    answer();
    assert.equal((await first).response.now, "2");
    for (const channel of channels) channel.close();
    await server.close(1);
  });
}

Deno.test("renewals in a row keep the port, and end when the listener is closed", async () => {
  const tls = await testCertificates();
  const address = { host: "127.0.0.1", port: 0 };
  const listener = new ServerListener({ address, tls, protocols: ["http/1.1"] });
  const { port } = listener;
  const accepting = (async () => {
    for (;;) (await listener.accept()).close();
  })().catch(() => "closed");
  for (let count = 0; count < 20; count += 1) {
    await listener.renew(tls);
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    assert.equal((connection.remoteAddr as Deno.NetAddr).port, port);
  }
  const renewing = listener.renew(tls);
  listener.close();
  await renewing;
  assert.equal(await accepting, "closed");
  // The port is free again.
  Deno.listen({ hostname: "127.0.0.1", port }).close();
});

Deno.test("a certificate that the platform refuses changes nothing", async () => {
  const tls = await testCertificates();
  const address = { host: "127.0.0.1", port: 0 };
  const listener = new ServerListener({ address, tls, protocols: ["http/1.1"] });
  const { port } = listener;
  await assert.rejects(listener.renew({ ...tls, cert: "no certificate" }), {
    code: "invalid-argument",
  });
  const accepted = listener.accept();
  (await Deno.connect({ hostname: "127.0.0.1", port })).close();
  (await accepted).close();
  listener.close();
});

Deno.test({
  name: "listeners that share a port all get connections, and others are refused",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const address = parseAddress(findPort("127.0.0.1:0"));
    assert.notEqual(address.port, 0);
    const certificates = await testCertificates();
    const options = { address, tls: certificates, protocols: ["h2"] };
    const listeners = [1, 2].map(() => new ServerListener({ ...options, sharesPort: true }));
    const accepted = listeners.map(() => 0);
    const accepting = listeners.map(async (listener, place) => {
      for (;;) {
        const connection = await listener.accept().catch(() => undefined);
        if (connection === undefined) return;
        accepted[place]!++;
        connection.close();
      }
    });
    assert.throws(() => new ServerListener(options), { code: "unavailable" });
    assert.throws(() => findPort(`127.0.0.1:${address.port}`), { code: "unavailable" });
    // The system draws a listener for each connection: a hundred times the same one is as likely as 2^-99.
    for (let call = 0; call < 100 && accepted.includes(0); call++) {
      (await Deno.connect({ hostname: address.host, port: address.port })).close();
    }
    await listeners[0]!.renew(await testCertificates());
    assert.ok(accepted.every((count) => count > 0), `${accepted}`);
    for (const listener of listeners) listener.close();
    await Promise.all(accepting);
  },
});
