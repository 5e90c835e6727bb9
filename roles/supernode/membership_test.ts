import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { ApiError } from "../../rpc/api_error.ts";
import { Superseded, TAKE_OVER_PATIENCE_SECONDS, TAKE_OVER_TRY_SECONDS } from "./membership.ts";
import { FakeFleet, instruction, NODE_ID, pass, start } from "./testing/fake_fleet.ts";

Deno.test("a node that the SuperLink no longer knows joins again", async () => {
  const fleet = new FakeFleet();
  let known = false;
  fleet.heartbeatAnswer = () => {
    const answer = known;
    known = true;
    return answer;
  };
  const { clock, controller, ended } = start(fleet);
  await clock.advance(0);
  for (let waited = 0; !fleet.calls.includes("heartbeat") && waited < 100; waited += 1) {
    await clock.advance(5);
  }
  fleet.give(instruction("a"));
  await fleet.replied(1);
  controller.abort();
  await ended;
  assert.equal(fleet.calls.filter((call) => call === "join").length, 2);
});

Deno.test("a waiting pull that a second restart breaks makes the node join a third time", async () => {
  const fleet = new FakeFleet();
  let pulls = 0;
  fleet.pullAnswer = () => {
    pulls += 1;
    if (pulls === 2) clock.advance(10); // it was held until then
    if (pulls <= 2) throw new FlwrError("unauthenticated", "Unknown node");
    fleet.pullAnswer = undefined;
    return instruction("a");
  };
  const { clock, controller, ended } = start(fleet);
  await fleet.replied(1);
  controller.abort();
  await ended;
  assert.equal(fleet.calls.filter((call) => call === "join").length, 3);
});

Deno.test("a refused node joins once more, and fails when it is refused again", async () => {
  const fleet = new FakeFleet();
  fleet.pullAnswer = () => {
    throw new FlwrError("unauthenticated", "Access denied");
  };
  const { ended } = start(fleet);
  await assert.rejects(ended, /Access denied/);
  assert.equal(fleet.calls.filter((call) => call === "join").length, 2);
});

Deno.test("a node waits for a SuperLink that still counts it as online, but not forever", async () => {
  const fleet = new FakeFleet();
  const refused = () => {
    throw new ApiError("activation-refused", "Node is online");
  };
  fleet.joinAnswer = refused;
  const { clock, controller, ended } = start(fleet);
  await pass(clock, 2 * TAKE_OVER_TRY_SECONDS);
  fleet.joinAnswer = () => NODE_ID;
  fleet.give(instruction("a"));
  await pass(clock, TAKE_OVER_TRY_SECONDS);
  await fleet.replied(1);
  controller.abort();
  await ended;

  fleet.joinAnswer = refused;
  const again = start(fleet);
  const failed = assert.rejects(again.ended, /Node is online/);
  await pass(again.clock, TAKE_OVER_PATIENCE_SECONDS + TAKE_OVER_TRY_SECONDS);
  await failed;
});

Deno.test("a node that is stopped before it joined ends at once", async () => {
  const fleet = new FakeFleet();
  fleet.join = () => new Promise(() => {});
  const { controller, ended } = start(fleet);
  controller.abort();
  await ended;
  assert.ok(!fleet.calls.includes("leave"));
});

for (const call of ["heartbeat", "pull"] as const) {
  Deno.test(`a node whose ${call} is refused as superseded ends, and leaves the newer one alone`, async () => {
    const fleet = new FakeFleet();
    const refuse = () => {
      throw new ApiError("node-superseded", "Another SuperNode joined with this node's key");
    };
    if (call === "pull") fleet.pullAnswer = refuse;
    else fleet.heartbeatAnswer = refuse;
    const { clock, ended } = start(fleet);
    const rejected = assert.rejects(ended, (error) => error instanceof Superseded);
    for (let waited = 0; waited < 100; waited += 5) await clock.advance(5);
    await rejected;
    assert.equal(fleet.calls.filter((made) => made === "join").length, 1);
    assert.equal(fleet.calls.includes("leave"), false);
  });
}
