import assert from "node:assert/strict";
import { sendAtOnce } from "./no_delay.ts";
import { testCertificates } from "./testing/certificates.ts";
import { HAS_ALL_RIGHTS } from "../base/testing/all_rights.ts";

/** TCP_NODELAY of this process's connected sockets with this local port. */
function noDelayAt(port: number): boolean[] {
  const library = Deno.dlopen("libc.so.6", {
    getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
    getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  });
  const option = (fd: number, level: number, name: number) => {
    const value = new Int32Array(1);
    const result = library.symbols.getsockopt(fd, level, name, value, Int32Array.of(4));
    return result === 0 ? value[0] !== 0 : undefined;
  };
  const found: boolean[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    const [fd, address] = [Number(name), new Uint8Array(128)];
    if (library.symbols.getsockname(fd, address, Int32Array.of(128)) !== 0) continue;
    if (new DataView(address.buffer).getUint16(2) !== port || option(fd, 1, 30)) continue;
    found.push(option(fd, 6, 1)!);
  }
  library.close();
  return found;
}

Deno.test({
  name: "connections of a TLS listener send at once, those of no other",
  ignore: Deno.build.os !== "linux" || !HAS_ALL_RIGHTS,
}, async () => {
  const { ca, cert, key } = await testCertificates();
  const accepted = async (prepare: (listener: Deno.TlsListener) => unknown) => {
    using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
    prepare(listener);
    const { port } = listener.addr;
    const [server, client] = await Promise.all([
      listener.accept(),
      Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [ca] }),
    ]);
    const found = noDelayAt(port);
    server.close();
    client.close();
    return found;
  };
  assert.deepEqual(await accepted(() => {}), [false]);
  assert.deepEqual(await accepted((listener) => assert.ok(sendAtOnce(listener))), [true]);
});
