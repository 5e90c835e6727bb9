/** Policy of the Runtime API: every call with every kind of token. */
import assert from "node:assert/strict";
import { EXECUTOR_HEADERS, ExecutorSecret } from "../../../auth/executor_secret.ts";
import { Runtime } from "../../../proto/gen/current/runtime_pb.ts";
import { TASK_TOKEN_HEADER } from "../../../rpc/dialects/current/headers.ts";
import { methodPath } from "../../../rpc/service.ts";
import type { RawHeaders } from "./credentials.ts";
import { CurrentSuperLink } from "./superlink.ts";
import { bytesOf, openWire } from "./wire.ts";

const OK = "200";
const DENIED = "401/1008";
const MALFORMED = "400/1003";
const FROM_A_WEB_PAGE = "403";
const OTHER_RUN = "403/3014";
const OTHER_NODE = "412/3004";
const BEGUN_BEFORE = "412/3002";
const NO_MESSAGE = "400/3013";

/** Node and run of a request. */
interface Named {
  readonly runId: bigint;
  readonly nodeId: bigint;
}

/** Expected outcomes of a call. */
interface Row {
  readonly request: (named: Named) => Uint8Array;
  /** Outcome for the task's own process. */
  readonly right: string;
  /** Whether requests name a run and a node, which must match the token. */
  readonly names?: true;
}

const { method } = Runtime;
const OBJECT = "0".repeat(64);
/** Node id of the SuperLink, under which ServerApps send. */
const SERVER_APP = 1n;

/** Every call of the Runtime API that needs a token; the last ends the task. */
const ROWS: Readonly<Record<string, Row>> = {
  SendTaskHeartbeat: { request: () => bytesOf(method.sendTaskHeartbeat, {}), right: OK },
  PullTaskInput: { request: () => bytesOf(method.pullTaskInput, {}), right: BEGUN_BEFORE },
  PushMessages: { request: () => bytesOf(method.pushMessages, {}), right: NO_MESSAGE },
  PullMessages: { request: () => bytesOf(method.pullMessages, {}), right: OK },
  PushObject: {
    request: ({ runId, nodeId }) =>
      bytesOf(method.pushObject, { node: { nodeId }, runId, objectId: OBJECT }),
    right: OK,
    names: true,
  },
  PullObject: {
    request: ({ runId, nodeId }) =>
      bytesOf(method.pullObject, { node: { nodeId }, runId, objectId: OBJECT }),
    right: OK,
    names: true,
  },
  ConfirmMessageReceived: {
    request: ({ runId, nodeId }) =>
      bytesOf(method.confirmMessageReceived, { node: { nodeId }, runId, messageObjectId: OBJECT }),
    right: OK,
    names: true,
  },
  GetNodes: { request: () => bytesOf(method.getNodes, {}), right: OK },
  PushLogs: { request: () => bytesOf(method.pushLogs, { logs: ["line\n"] }), right: OK },
  PushTaskEvents: {
    request: () => bytesOf(method.pushTaskEvents, { events: [{ event: "step", data: "1" }] }),
    right: OK,
  },
  PushArtifact: {
    request: () => bytesOf(method.pushArtifact, { name: "model.npz" }),
    right: OK,
  },
  PushCheckpoint: {
    request: () => bytesOf(method.pushCheckpoint, { name: "start-1" }),
    right: OK,
  },
  PullCheckpoint: {
    request: () => bytesOf(method.pullCheckpoint, { name: "start-2" }),
    right: OK,
  },
  PushTaskOutput: {
    request: () => bytesOf(method.pushTaskOutput, { subStatus: "completed" }),
    right: OK,
  },
};

function tokens(...values: readonly string[]): RawHeaders {
  return values.map((value) => [TASK_TOKEN_HEADER, value]);
}

Deno.test("every call of the Runtime API has a row in the test's table", () => {
  assert.deepEqual(
    [...Object.keys(ROWS), "AcquireTask"].toSorted(),
    Runtime.methods.map(({ name }) => name).toSorted(),
  );
});

Deno.test("Runtime: every call × every kind of token", async (t) => {
  await using superLink = await CurrentSuperLink.start();
  using wire = openWire("http", superLink.control("http"), superLink.authority);
  const [own, other, stopped] = [
    await superLink.task(),
    await superLink.task(),
    await superLink.task(),
  ];
  await superLink.controlClient().stopRun(stopped.runId);
  const pending = await superLink.submit();
  const forged: Readonly<Record<string, RawHeaders>> = {
    "no token": [],
    "an empty token": tokens(""),
    "a token that nobody has": tokens("0".repeat(256)),
    "a token cut short": tokens(own.token.slice(0, -1)),
    "a token in upper case": tokens(own.token.toUpperCase()),
    "a token and something behind it": tokens(`${own.token}, `),
    "the token twice": tokens(own.token, own.token),
    "the token before another": tokens(own.token, other.token),
    "the token behind another": tokens(other.token, own.token),
    "the token of a run that was stopped": tokens(stopped.token),
    "a bearer token": [["authorization", `Bearer ${own.token}`]],
  };
  for (const [name, row] of Object.entries(ROWS)) {
    await t.step(name, async () => {
      const desc = Runtime.methods.find((candidate) => candidate.name === name)!;
      const call = async (named: Named, headers: RawHeaders) =>
        await wire.outcome(desc, row.request(named), headers);
      const right = { runId: own.runId, nodeId: SERVER_APP };

      for (const [what, headers] of Object.entries(forged)) {
        assert.equal(await call(right, headers), DENIED, what);
      }
      const asPage: RawHeaders = [...tokens(own.token), ["origin", "https://example.org"]];
      assert.equal(await call(right, asPage), FROM_A_WEB_PAGE, "from a web page");
      const garbage = new Uint8Array(32).fill(0xff);
      assert.equal(await wire.outcome(desc, garbage, tokens(own.token)), MALFORMED, "garbage");
      if (row.names) {
        const theirs = tokens(other.token);
        assert.equal(await call(right, theirs), OTHER_RUN, "the token of another run");
        const asPending = { ...right, runId: pending };
        assert.equal(await call(asPending, tokens(own.token)), OTHER_RUN, "for a run that waits");
        const asNode = { ...right, nodeId: 12345n };
        assert.equal(await call(asNode, tokens(own.token)), OTHER_NODE, "for a node");
        const empty = await wire.outcome(desc, new Uint8Array(), tokens(own.token));
        assert.equal(empty, OTHER_NODE, "without a word");
      }
      assert.equal(await call(right, tokens(own.token)), row.right, "its own");
    });
  }
  await t.step("the token of a finished run is invalid", async () => {
    const again = await wire.outcome(
      method.sendTaskHeartbeat,
      new Uint8Array(),
      tokens(own.token),
    );
    assert.equal(again, DENIED);
  });
});

Deno.test("AcquireTask: a SuperLink that starts its apps itself gives away no tasks", async () => {
  await using superLink = await CurrentSuperLink.start({ isolation: "subprocess" });
  using wire = openWire("http", superLink.control("http"), superLink.authority);
  const request = bytesOf(method.acquireTask, { supportedTaskTypes: ["flwr-serverapp"] });
  assert.equal(await wire.outcome(method.acquireTask, request, []), DENIED);
});

Deno.test("AcquireTask: with a secret, a task needs a signature with it, which is valid once", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, bytes, { mode: 0o600 });
  await using superLink = await CurrentSuperLink.start({ superexecAuthSecretFile: file });
  await Deno.remove(file);
  using wire = openWire("http", superLink.control("http"), superLink.authority);
  const body = bytesOf(method.acquireTask, { supportedTaskTypes: ["flwr-serverapp"] });
  const ask = (headers: RawHeaders, sent = body) => wire.outcome(method.acquireTask, sent, headers);
  const sign = (secret: Uint8Array, path = methodPath(method.acquireTask)): RawHeaders => {
    const nonce = crypto.randomUUID().replaceAll("-", "");
    const signed = new ExecutorSecret(secret).sign(path, body, nonce);
    return [
      [EXECUTOR_HEADERS.timestamp, signed.timestamp],
      [EXECUTOR_HEADERS.nonce, signed.nonce],
      [EXECUTOR_HEADERS.bodySha256, signed.bodySha256],
      [EXECUTOR_HEADERS.signature, signed.signature],
    ];
  };

  assert.equal(await ask([]), DENIED, "unsigned");
  assert.equal(await ask(sign(new Uint8Array(32))), DENIED, "another secret");
  assert.equal(await ask(sign(bytes, methodPath(method.pullMessages))), DENIED, "another method");
  const other = bytesOf(method.acquireTask, { supportedTaskTypes: ["flwr-clientapp"] });
  assert.equal(await ask(sign(bytes), other), DENIED, "another body");
  const right = sign(bytes);
  const twice = right.flatMap((header) => [header, header]);
  assert.equal(await ask(twice), DENIED, "each header twice");
  await superLink.submit();
  assert.equal(await ask(right), OK);
  assert.equal(await ask(right), DENIED, "replayed");
});
