/** Callers without a node, or with another node's id, get nothing from the Fleet API. See docs/threat-model.md. */
import assert from "node:assert/strict";
import { AUTH_TOKEN_HEADER } from "../../auth/header.ts";
import { Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import { makeCredentials } from "../support/credentials.ts";
import { startSuperLink } from "../support/flwr.ts";
import { RawClient } from "../support/raw_client.ts";
import { RawDriver, replyTo } from "../support/raw_driver.ts";
import { RawNode } from "../support/raw_node.ts";
import { assertRefused } from "../support/call_refusal.ts";
import { scenario, type Stage } from "../support/stage.ts";

const { createNode, deleteNode, ping, pullTaskIns, pushTaskRes } = Fleet.method;

async function superLink(stage: Stage, nodes = 2) {
  const credentials = await makeCredentials(stage.folder.path, nodes);
  const flags = ["--audit-log", stage.path("audit.log")];
  return { credentials, ...await startSuperLink({ stage, credentials, flags }) };
}

function node(nodeId: bigint) {
  return { nodeId, anonymous: false };
}

scenario("security: a key that is not in the list is refused and logged", async (stage) => {
  const { credentials, fleet, process } = await superLink(stage);
  await Deno.mkdir(stage.path("stranger"));
  const strangers = await makeCredentials(stage.path("stranger"), 1);
  // Everything is right except for the key: CA and SuperLink key are the right ones.
  await Deno.copyFile(credentials.superlinkPublicKey, strangers.superlinkPublicKey);
  await Deno.copyFile(credentials.caCertificate, strangers.caCertificate);
  using stranger = await RawNode.connect(fleet, strangers, 1);
  using member = await RawNode.connect(fleet, credentials, 1);
  await member.join();

  await assertRefused(stranger.join(), "UNAUTHENTICATED");
  const request = { node: node(member.id), pingInterval: 30 };
  await assertRefused(stranger.call(ping, request), "UNAUTHENTICATED");
  await process.waitForEvent("call-denied", {
    code: "key-unknown",
    fingerprint: stranger.key.publicKey.fingerprint,
  });

  assert.equal((await member.call(ping, request)).success, true);
  await process.end("SIGTERM");
  const { actor, error } = (await Deno.readTextFile(stage.path("audit.log"))).trim().split("\n")
    .map((line) => JSON.parse(line))
    .find(({ event, status }) => event.action === "FleetServicer.Ping" && status === "failed");
  assert.deepEqual([actor.key, error], [stranger.key.publicKey.fingerprint, "unauthenticated"]);
});

scenario("security: a request with another request's HMAC is refused", async (stage) => {
  const { credentials, fleet } = await superLink(stage);
  using member = await (await RawNode.connect(fleet, credentials, 1)).join();
  using other = await (await RawNode.connect(fleet, credentials, 2)).join();
  const request = { node: node(member.id), pingInterval: 30 };
  const right = await member.headers(ping.input, request);
  const ofOtherBody = await member.headers(ping.input, { ...request, pingInterval: 60 });
  const ofOtherKey = await other.headers(ping.input, request);
  const send = (token: string | undefined) => {
    const headers = {
      ...member.keyHeader(),
      ...token === undefined ? {} : { [AUTH_TOKEN_HEADER]: token },
    };
    return member.client.call(ping, request, headers);
  };

  await assertRefused(send(ofOtherBody[AUTH_TOKEN_HEADER]), "UNAUTHENTICATED");
  await assertRefused(send(ofOtherKey[AUTH_TOKEN_HEADER]), "UNAUTHENTICATED");
  await assertRefused(send("A".repeat(43) + "="), "UNAUTHENTICATED");
  await assertRefused(send(right[AUTH_TOKEN_HEADER]!.slice(0, 24)), "UNAUTHENTICATED");
  await assertRefused(send(""), "UNAUTHENTICATED");
  await assertRefused(send(undefined), "UNAUTHENTICATED");
  await assertRefused(member.client.call(ping, request), "UNAUTHENTICATED");

  assert.equal((await send(right[AUTH_TOKEN_HEADER])).message.success, true);
});

scenario("security: a node cannot speak for another node", async (stage) => {
  const { credentials, driver, fleet } = await superLink(stage);
  using victim = await (await RawNode.connect(fleet, credentials, 1)).join();
  using thief = await (await RawNode.connect(fleet, credentials, 2)).join();
  using run = await RawDriver.connect(driver, credentials);
  const taskId = await run.instruct(victim.id);

  await assertRefused(
    thief.call(ping, { node: node(victim.id), pingInterval: 30 }),
    "UNAUTHENTICATED",
  );
  await assertRefused(thief.call(pullTaskIns, { node: node(victim.id) }), "UNAUTHENTICATED");
  await assertRefused(thief.call(deleteNode, { node: node(victim.id) }), "UNAUTHENTICATED");
  // A SuperLink with authentication has no anonymous tasks.
  const anonymous = { nodeId: thief.id, anonymous: true };
  await assertRefused(
    thief.call(pullTaskIns, { node: anonymous }),
    "UNAUTHENTICATED",
    "INVALID_ARGUMENT",
  );

  const { taskInsList } = await victim.call(pullTaskIns, { node: node(victim.id) });
  assert.equal(taskInsList[0]!.taskId, taskId, "the instruction is still the victim's");
  const instruction = taskInsList[0]!;
  // The accepted reply must be the victim's own.
  const forged = (producer: bigint) => replyTo(instruction, producer, "forged");
  const steal = (...taskResList: ReturnType<typeof forged>[]) =>
    thief.call(pushTaskRes, { taskResList });
  await assertRefused(steal(forged(victim.id)), "UNAUTHENTICATED");
  // The second of two results is checked like the first.
  await assertRefused(steal(forged(thief.id), forged(victim.id)), "UNAUTHENTICATED");
  // With its own id the attacker may call, but not answer another node's instruction.
  await steal(forged(thief.id)).catch(() => {});

  await victim.call(pushTaskRes, { taskResList: [replyTo(instruction, victim.id)] });
  const [reply, ...more] = await run.replies(taskId);
  assert.deepEqual(more, []);
  assert.equal(reply!.task!.producer!.nodeId, victim.id);
  assert.equal(reply!.task!.error, undefined);
  assert.deepEqual((await run.nodes()).toSorted(), [victim.id, thief.id].toSorted());
});

scenario("security: plain text to the TLS ports gets no answer", async (stage) => {
  const { credentials, driver, fleet } = await superLink(stage);
  using member = await RawNode.connect(fleet, credentials, 1);
  using toFleet = new RawClient(fleet);
  const request = { pingInterval: 30 };

  await assertRefused(toFleet.call(createNode, request, member.keyHeader()), "UNAVAILABLE");
  await assertRefused(RawDriver.connect(driver), "UNAVAILABLE");

  assert.notEqual((await member.join()).id, 0n);
});
