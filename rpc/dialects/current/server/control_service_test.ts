import { MAX_SUBMITTED_FAB_BYTES } from "./submission.ts";
import assert from "node:assert/strict";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { FlwrError } from "../../../../base/error.ts";
import { settle } from "../../../../base/testing/settle.ts";
import { DEFAULT_LINK_LIMITS, type LinkLimits } from "../../../../link/limits.ts";
import { Control, Exec } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { methodPath } from "../../../service.ts";
import { isoTime } from "../iso_time.ts";
import { ControlClient } from "../client/control_client.ts";
import { DirectChannel } from "../testing/direct_channel.ts";
import { FakeSuperLink } from "../testing/fake_superlink.ts";
import { CONTROL_POLICY } from "./control_policy.ts";

/** A SuperLink with the command line's client. */
async function start(limits: Partial<LinkLimits> = {}) {
  const superlink = await FakeSuperLink.start(limits);
  const channel = new DirectChannel(superlink.control);
  const client = new ControlClient(channel, superlink.clock);
  return { superlink, channel, client, link: superlink.link, clock: superlink.clock };
}

const submission = (overrides: ConfigRecord = new ConfigRecord(), content = new Uint8Array(4)) => ({
  fab: { content, hash: "" },
  overrideConfig: overrides,
});

/** A P-256 key in PEM. */
async function makePem(): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { publicKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  return `-----BEGIN PUBLIC KEY-----\n${spki.toBase64()}\n-----END PUBLIC KEY-----\n`;
}

Deno.test("control policy: every method has a row, and every row a method", () => {
  const methods = [...Control.methods, ...Exec.methods].map(methodPath);
  assert.deepEqual(Object.keys(CONTROL_POLICY).sort(), methods.sort());
});

Deno.test("control: a submitted app becomes a pending run with its settings", async () => {
  const { superlink, client, link, clock } = await start();
  await using _ = superlink;
  const started = await client.startRun(submission(new ConfigRecord({ rounds: 5 })));
  const { run, now } = await client.getRun(started.runId);
  assert.equal(started.federation, "@none/default");
  assert.equal(run.seriesId, started.seriesId);
  assert.equal(run.fabId, "me/app");
  assert.equal(run.fabVersion, "1.2.3");
  assert.equal(run.status, "pending");
  assert.equal(run.account, "none");
  assert.equal(run.pendingAt, clock.now());
  assert.equal(now, clock.now());
  assert.deepEqual((await link.runs.get(started.runId))?.overrideConfig, { rounds: 5n });
  assert.deepEqual([...(await link.runs.getFab(run.fabHash))!], [0, 0, 0, 0]);
});

Deno.test("control: a run continues a named series", async () => {
  const { superlink, client } = await start();
  await using _ = superlink;
  const first = await client.startRun(submission());
  const second = await client.startRun({ ...submission(), seriesId: first.seriesId });
  const third = await client.startRun(submission());
  assert.equal(second.seriesId, first.seriesId);
  assert.notEqual(third.seriesId, first.seriesId);
});

Deno.test("control: the response to an oversized bundle has no run", async () => {
  const { superlink, client, channel } = await start();
  await using _ = superlink;
  const content = new Uint8Array(MAX_SUBMITTED_FAB_BYTES + 1);
  const { response } = await channel.call(Control.method.startRun, { fab: { content } });
  assert.equal(response.runId, undefined);
  await assert.rejects(client.startRun(submission(undefined, content)), {
    code: "resource-exhausted",
    message: /10485761 bytes/,
  });
});

Deno.test("control: lists the newest 20 runs, or as many as requested", async () => {
  const { superlink, client, clock } = await start();
  await using _ = superlink;
  const ids: bigint[] = [];
  for (let count = 0; count < 25; count++) {
    ids.unshift((await client.startRun(submission())).runId);
    await clock.advance(1);
  }
  const listed = async (range?: { limit?: number; skip?: number }) =>
    (await client.listRuns(range)).items.map(({ runId }) => runId);
  assert.deepEqual(await listed(), ids.slice(0, 20));
  assert.deepEqual(await listed({ limit: 2, skip: 3 }), ids.slice(3, 5));
  assert.deepEqual(await listed({ limit: 0 }), []);
  assert.deepEqual(await listed({ limit: 1000 }), ids);
});

Deno.test("control: stops a run once", async () => {
  const { superlink, client, link } = await start();
  await using _ = superlink;
  const { runId } = await client.startRun(submission());
  await client.stopRun(runId);
  const { run } = await client.getRun(runId);
  assert.deepEqual([run.status, run.subStatus], ["finished", "stopped"]);
  assert.equal(await link.runs.claim(), undefined);
  await assert.rejects(client.stopRun(runId), { code: "failed-precondition" });
});

Deno.test("control: unknown runs, nodes and federations have Flower's numbers", async () => {
  const { superlink, channel } = await start();
  await using _ = superlink;
  const { stopRun, listRuns, streamLogs, unregisterNode, showFederation } = Control.method;
  const logs = Array.fromAsync(channel.stream(streamLogs, { runId: 9n }));
  const cases: [Promise<unknown>, { number: number; httpStatus: number }][] = [
    [channel.call(stopRun, { runId: 9n }), { number: 16, httpStatus: 404 }],
    [channel.call(listRuns, { runId: 9n }), { number: 16, httpStatus: 404 }],
    [logs, { number: 16, httpStatus: 404 }],
    [channel.call(unregisterNode, { nodeId: 9n }), { number: 24, httpStatus: 404 }],
    [channel.call(showFederation, { federationName: "@a/b" }), { number: 2, httpStatus: 404 }],
  ];
  for (const [outcome, expected] of cases) await assert.rejects(outcome, expected);
});

Deno.test("control: a log is streamed as it is written, and ends with the run", async () => {
  const { superlink, client, link, clock } = await start();
  await using _ = superlink;
  const { runId } = await client.startRun(submission());
  const { token } = (await link.runs.claim())!;
  await link.runs.begin(token);
  await link.runs.appendLog(runId, ["one\n"]);
  const log = client.streamLogs(runId);
  const first = (await log.next()).value!;
  assert.equal(first.text, "one\n");
  const second = log.next();
  await clock.advance(1);
  await link.runs.appendLog(runId, ["two\n", "three\n"]);
  assert.equal((await second).value?.text, "two\nthree\n");
  const end = log.next();
  await link.runs.finish(token, { outcome: "completed", details: "" });
  assert.equal((await end).done, true);
  const later = await Array.fromAsync(client.streamLogs(runId, { after: first.latest }));
  assert.deepEqual(later.map(({ text }) => text), ["two\nthree\n"]);
});

Deno.test("control: a long log is sent in parts that mark the last one; to Flower's clients as one message", async () => {
  const { superlink, client, link, channel } = await start();
  await using _ = superlink;
  const { runId } = await client.startRun(submission());
  const parts = client.streamLogs(runId);
  assert.deepEqual((await parts.next()).value, { text: "", latest: 0, caughtUp: true });
  const line = `${"x".repeat(99)}\n`;
  await link.runs.appendLog(runId, [line.repeat(10_000), "unfinished"]);
  const flags: boolean[] = [];
  let text = "";
  for await (const part of client.streamLogs(runId)) {
    assert.ok(part.text.length <= 400_000, `${part.text.length}`);
    flags.push(part.caughtUp!);
    text += part.text;
    if (part.caughtUp) break;
  }
  assert.ok(flags.length > 2);
  assert.deepEqual(flags, flags.map((_, place) => place === flags.length - 1));
  assert.equal(text, line.repeat(10_000) + "unfinished");
  const { streamLogs } = Control.method;
  for await (const { logOutput, whole } of channel.stream(streamLogs, { runId })) {
    assert.deepEqual([logOutput, whole], [text, undefined]);
    break;
  }
  await link.runs.stop(runId);
  const all = await Array.fromAsync(client.streamLogs(runId));
  assert.equal(all.map(({ text }) => text).join(""), `${text}\nRun ${runId} was stopped\n`);
  assert.deepEqual(all.filter(({ caughtUp }) => caughtUp).length, 1);
});

Deno.test("control: following a log resumes after a broken connection, with the new output", async () => {
  const { superlink, client, link, clock, channel } = await start();
  await using _ = superlink;
  const { runId } = await client.startRun(submission());
  await link.runs.appendLog(runId, ["one\n"]);
  const log = client.streamLogs(runId);
  assert.equal((await log.next()).value?.text, "one\n");
  let failures = 3;
  channel.failing = () => {
    if (failures-- > 0) throw new FlwrError("unavailable", "The connection broke");
  };
  await clock.advance(1);
  await link.runs.appendLog(runId, ["two\n"]);
  const second = log.next();
  for (let step = 0; step < 5; step++) {
    await settle();
    await clock.advance(1);
  }
  assert.equal((await second).value?.text, "two\n");
  failures = Infinity;
  const lost = assert.rejects(log.next(), { code: "unavailable" });
  await link.runs.stop(runId);
  await link.runs.appendLog(runId, ["three\n"]);
  for (let step = 0; step < 70; step++) {
    await settle();
    await clock.advance(1);
  }
  await lost;
});

Deno.test("control: a key is registered once, and never again after its node was unregistered", async () => {
  const { superlink, client } = await start();
  await using _ = superlink;
  const publicKeyPem = await makePem();
  const nodeId = await client.registerNode({ publicKeyPem, name: "lab", location: "52.5,13.4" });
  await assert.rejects(client.registerNode({ publicKeyPem }), { code: "already-exists" });
  const [node] = (await client.listNodes()).items;
  assert.equal(node!.nodeId, nodeId);
  assert.equal(node!.status, "registered");
  assert.equal(node!.owner, "none");
  assert.deepEqual([node!.name, node!.location], ["lab", "52.5,13.4"]);
  assert.equal(node!.publicKeyPem.replaceAll("\n", ""), publicKeyPem.replaceAll("\n", ""));
  await client.unregisterNode(nodeId);
  assert.equal((await client.listNodes()).items[0]!.status, "unregistered");
  await assert.rejects(client.registerNode({ publicKeyPem }), { code: "already-exists" });
});

Deno.test("control: there is one federation, with all nodes and runs", async () => {
  const { superlink, client } = await start();
  await using _ = superlink;
  const { runId } = await client.startRun(submission());
  await client.registerNode({ publicKeyPem: await makePem() });
  const [listed] = await client.listFederations();
  assert.deepEqual([listed!.name, listed!.nodes, listed!.runs], ["@none/default", [], []]);
  assert.deepEqual(listed!.members, [{ name: "none", role: "owner" }]);
  const { federation } = await client.showFederation("@none/default");
  assert.deepEqual(federation.runs.map((run) => run.runId), [runId]);
  assert.equal(federation.nodes.length, 1);
});

Deno.test("control: a login learns that there are no accounts", async () => {
  const { superlink, channel } = await start();
  await using _ = superlink;
  const { response } = await channel.call(Control.method.getLoginDetails, {});
  assert.equal(response.authnType, "noop");
});

Deno.test("control: a run's artifacts are available once it has finished, if it has any", async () => {
  const { superlink, client, link } = await start();
  await using _ = superlink;
  const { runId } = await client.startRun(submission());
  const { token } = (await link.runs.claim())!;
  await link.runs.begin(token);
  await link.artifacts.putPiece(runId, {
    ...{ name: "m", size: 1, offset: 0 },
    bytes: new Uint8Array([1]),
  });
  const number = async (id: bigint) => {
    const refusal = await client.pullArtifacts(id).then(() => undefined, FlwrError.from);
    assert.ok(refusal?.cause instanceof ApiError);
    return [refusal.cause.number, refusal.message];
  };
  assert.deepEqual(await number(runId), [
    21,
    `Run ${runId} has not finished: it is running, and may still save artifacts`,
  ]);
  await link.runs.finish(token, { outcome: "failed", details: "" });
  assert.equal(await client.pullArtifacts(runId), `http://fake/${runId}`);
  const other = await client.startRun(submission());
  await client.stopRun(other.runId);
  assert.deepEqual(await number(other.runId), [21, `Run ${other.runId} has saved no artifacts`]);
  assert.deepEqual(await number(9n), [
    16,
    "Run 9 is unknown, or was removed because it finished long ago",
  ]);
});

Deno.test("control: artifacts removed in favour of newer runs are reported as removed", async () => {
  const { superlink, client, link, clock } = await start({ maxFinishedArtifactBytes: 0 });
  await using _ = superlink;
  const { runId } = await client.startRun(submission());
  const { token } = (await link.runs.claim())!;
  await link.runs.begin(token);
  const bytes = new Uint8Array([1]);
  await link.artifacts.putPiece(runId, { name: "m", size: 1, offset: 0, bytes });
  await link.runs.finish(token, { outcome: "completed", details: "" });
  await clock.advance(DEFAULT_LINK_LIMITS.finishedRunGraceSeconds + 1);
  await settle();
  const removedAt = (await link.runs.get(runId))?.artifactsRemovedAt;
  assert.ok(removedAt !== undefined);
  const refusal = await client.pullArtifacts(runId).then(() => undefined, FlwrError.from);
  assert.ok(refusal?.cause instanceof ApiError);
  assert.deepEqual([refusal.cause.number, refusal.message], [
    21,
    `The artifacts of run ${runId} were removed at ${isoTime(removedAt)}: the SuperLink keeps ` +
    `only those of newer runs`,
  ]);
});

Deno.test("control: every other call is refused with an explanation, and Flower's number if there is one", async () => {
  const { superlink, channel } = await start();
  await using _ = superlink;
  const numbers = new Map<string, number | undefined>();
  for (const method of Control.methods.filter(({ input }) => input.name === "NotOffered")) {
    const refusal = await channel.call(method, {}).then(() => undefined, FlwrError.from);
    assert.equal(refusal?.code, "unimplemented", method.name);
    numbers.set(method.name, refusal instanceof ApiError ? refusal.number : undefined);
  }
  assert.equal(numbers.size, 26);
  assert.equal(numbers.get("CreateFederation"), 1);
  for (const method of [Control.method.getAuthTokens, Control.method.refreshAuthTokens]) {
    const refusal = await channel.call(method, {}).then(() => undefined, FlwrError.from);
    assert.equal(refusal instanceof ApiError && refusal.number, 19, method.name);
  }
  assert.equal(numbers.get("ListConnectors"), undefined);
});

Deno.test("control: credentials of another kind are refused, except before a login", async () => {
  const { superlink } = await start();
  await using _ = superlink;
  const channelWith = (authorization: string) =>
    new DirectChannel(superlink.control, { headers: { authorization } });
  await channelWith("Bearer x").call(Control.method.listRuns, {});
  await channelWith("bearer").call(Control.method.getLoginDetails, {});
  for (const odd of ["Basic eA==", "", "Bearer"]) {
    await assert.rejects(channelWith(odd).call(Control.method.listRuns, {}), {
      code: "unauthenticated",
    });
  }
});
