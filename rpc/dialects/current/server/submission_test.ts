import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import { StartRunRequestSchema } from "../../../../proto/gen/current/control_pb.ts";
import {
  MAX_SUBMITTED_FAB_BYTES,
  type ReadFab,
  readSubmission,
  type SubmittedApp,
} from "./submission.ts";

const CONTENT = new Uint8Array([1, 2, 3]);
const APP: SubmittedApp = {
  fabId: "me/app",
  version: "1.0.0",
  serverApp: "app:server",
  config: { "lr": 0.1, "model.size": 3n },
};

function submit(
  request: MessageInitShape<typeof StartRunRequestSchema>,
  readFab: ReadFab = () => ({ config: APP }),
  isSimulated = false,
) {
  return readSubmission(create(StartRunRequestSchema, request), { readFab, isSimulated });
}

Deno.test("submission: computes the bundle's hash, and ignores the request's", async () => {
  const submission = await submit({
    fab: { content: CONTENT, hashStr: "0".repeat(64) },
    overrideConfig: {
      "lr": { scalar: { case: "double", value: 1 } },
      "model.size": { scalar: { case: "sint64", value: 5n } },
    },
  });
  assert.deepEqual(submission, {
    fabId: "me/app",
    fabVersion: "1.0.0",
    fab: { hash: createHash("sha256").update(CONTENT).digest("hex"), content: CONTENT },
    overrideConfig: { "lr": 1, "model.size": 5n },
    federation: "@none/default",
  });
});

Deno.test("submission: the only federation has its name, an empty name, and that of Flower 1.24", async () => {
  for (const federation of ["", "@none/default", "default"]) {
    const submission = await submit({ fab: { content: CONTENT }, federation });
    assert.equal(submission?.federation, "@none/default", federation);
  }
});

Deno.test("submission: settings for a simulation are ignored, whatever their type", () => {
  // Up to 1.25 a ConfigRecord, { items: [{ key: "a", value: { sint64: 2 } }] }, and later a SimulationConfig.
  for (const settings of ["0a070a016112021004", "080a1001"]) {
    const field = Uint8Array.fromHex(settings);
    const request = Uint8Array.of(3 << 3 | 2, field.length, ...field);
    const read = fromBinary(StartRunRequestSchema, request);
    assert.equal(read.overrideFederationConfig?.toHex(), settings);
  }
});

Deno.test("submission: continues the named series", async () => {
  const submission = await submit({ fab: { content: CONTENT }, seriesId: 9n });
  assert.equal(submission?.seriesId, 9n);
  assert.equal((await submit({ fab: { content: CONTENT } }))?.seriesId, undefined);
});

Deno.test("submission: a bundle of the maximum size is read, a larger one is not", async () => {
  const sizes: number[] = [];
  const readFab = (content: Uint8Array) => (sizes.push(content.length), { config: APP });
  assert.ok(await submit({ fab: { content: new Uint8Array(MAX_SUBMITTED_FAB_BYTES) } }, readFab));
  const large = new Uint8Array(MAX_SUBMITTED_FAB_BYTES + 1);
  assert.equal(await submit({ fab: { content: large } }, readFab), undefined);
  assert.deepEqual(sizes, [MAX_SUBMITTED_FAB_BYTES]);
});

Deno.test("submission: explains the problem, with Flower's number", async () => {
  const fab = { content: CONTENT };
  const scalar = { case: "bool", value: true } as const;
  const broken = () => {
    throw new FlwrError("invalid-argument", "The bundle is no ZIP file");
  };
  const noServer = () => ({ config: { ...APP, serverApp: undefined } });
  const cases: [Promise<unknown>, number, RegExp][] = [
    [submit({}), 15, /carries no app/],
    [submit({ fab: { hashStr: "ab" } }), 15, /carries no app/],
    [submit({ appSpec: "@flwrlabs/x==1.0.0", fab }), 33, /"@flwrlabs\/x==1.0.0".*hub/],
    [submit({ fab, federation: "@me/x" }), 2, /"@me\/x".*"@none\/default"/],
    [submit({ fab, overrideConfig: { rate: { scalar } } }), 15, /"rate".*"lr", "model.size"/],
    [submit({ fab, overrideConfig: { toString: { scalar } } }), 15, /"toString"/],
    [submit({ fab, overrideConfig: { lr: {} } }), 15, /"lr" has no value/],
    [submit({ fab }, broken), 15, /no ZIP file/],
    [submit({ fab }, noServer), 15, /"me\/app" has no ServerApp/],
  ];
  for (const [outcome, number, message] of cases) {
    await assert.rejects(outcome, { number, message });
  }
});

Deno.test("submission: the server's own errors are not reported as the app's", async () => {
  const outcome = submit({ fab: { content: CONTENT } }, () => {
    throw new TypeError("a bug");
  });
  await assert.rejects(outcome, TypeError);
});

Deno.test("submission: an app in two languages, or without a ClientApp, is not simulated", async () => {
  const submitted = (app: Partial<SubmittedApp>, isSimulated: boolean) =>
    submit({ fab: { content: CONTENT } }, () => ({ config: { ...APP, ...app } }), isSimulated);
  const clientApp = "app:client";
  const both = ["typescript", "python"] as const;
  for (const language of both) {
    for (const clientLanguage of both) {
      const app = { clientApp, language, clientLanguage };
      const simulated = submitted(app, true);
      if (language === clientLanguage) assert.equal((await simulated)?.fabId, "me/app");
      else await assert.rejects(simulated, { number: 15, message: /--simulation/ });
      assert.equal((await submitted(app, false))?.fabId, "me/app");
    }
  }
  await assert.rejects(submitted({}, true), {
    number: 15,
    message: /no ClientApp/,
  });
});
