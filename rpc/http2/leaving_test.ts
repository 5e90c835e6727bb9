import assert from "node:assert/strict";
import { Http2Connection } from "./connection.ts";
import { StrangersTurn } from "./strangers_turn.ts";

Deno.test("http2: a connection that was left is closed, though its peer takes no bytes", async () => {
  let isClosed = false;
  const closed = Promise.withResolvers<void>();
  const connection = new Http2Connection({
    peer: "192.0.2.1:1",
    read: () => closed.promise.then(() => null),
    write: () => closed.promise.then(() => Promise.reject(new Error("closed"))),
    close: () => {
      isClosed = true;
      closed.resolve();
    },
  }, {
    answer: () => Promise.resolve(false),
    maxStreams: 1,
    windowBytes: 65_535,
    strangersTurn: new StrangersTurn(1),
  });
  const served = connection.serve();
  connection.leave();
  await served;
  assert.ok(isClosed);
});
