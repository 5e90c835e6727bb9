import assert from "node:assert/strict";
import { connect } from "node:http2";
import { MAX_CONCURRENT_STREAMS, SERVER_WINDOW_BYTES } from "./limits.ts";
import { serveDriver } from "./testing/driver.ts";

Deno.test("a server offers windows that hold a model's worth of bytes", async () => {
  const server = await serveDriver();
  const session = connect(`http://${server.address}`);
  await new Promise((resolve) => session.once("remoteSettings", resolve));
  assert.equal(session.remoteSettings.initialWindowSize, SERVER_WINDOW_BYTES);
  assert.equal(session.remoteSettings.maxConcurrentStreams, MAX_CONCURRENT_STREAMS);
  // The answer to a ping comes after the window update that was sent before it.
  await new Promise((resolve) => session.ping(resolve));
  assert.equal(session.state.remoteWindowSize, SERVER_WINDOW_BYTES);
  session.destroy();
  await server.close(1);
});
