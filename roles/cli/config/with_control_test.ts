import assert from "node:assert/strict";
import { silentServer } from "../../../tests/support/silent_server.ts";
import { withControl } from "./with_control.ts";

Deno.test("with control: the signal ends a call that the SuperLink does not answer", async () => {
  using server = silentServer();
  const connection = { address: server.address, insecure: true };
  const leaving = new AbortController();
  const called: string[] = [];
  const asking = withControl(connection, (control, wire) => {
    called.push(wire);
    const answer = control.listNodes();
    queueMicrotask(() => leaving.abort());
    return answer;
  }, leaving.signal);
  await assert.rejects(asking, { code: "cancelled" });
  assert.deepEqual(called, ["http"]);
});
