/** What an app may have signed with its node's registered key, in a worker and in a sandbox. */
import assert from "node:assert/strict";
import type { RegisteredKey } from "../../app/context.ts";
import { ConfigRecord } from "../../app/config_record.ts";
import { RecordDict } from "../../app/record_dict.ts";
import { PrivateKey } from "../../auth/private_key.ts";
import { importPublicKey } from "../../auth/public_key.ts";
import { rawFromDerSignature } from "../../auth/ecdsa_signature.ts";
import { roundKeysStatement } from "../../auth/round_keys_statement.ts";
import { findAppModule } from "../../hosting/app/app_module.ts";
import { AppHost } from "../../hosting/app/app_host.ts";
import { startSandboxedApp } from "../../hosting/sandbox/sandboxed_app.ts";
import { keyForApps } from "../../roles/supernode/registered_key.ts";
import { TempDir } from "../support/tempdir.ts";
import { instruction } from "./sandbox_fixture.ts";

const [RUN_ID, NODE_ID] = [77n, 2n];

const APP = `
import * as flwr from "flwr";
const Code = (async () => {}).constructor;
export const app = new flwr.ClientApp().train(async (message, context) => {
  const code = message.content.configRecord("config").string("code");
  const result = await new Code("context", code)(context);
  return { config: new flwr.ConfigRecord({ result: String(result) }) };
});`;

const DIGEST = "Uint8Array.from({ length: 32 }, (_, i) => i)";
const SIGN = `return (await context.registeredKey.sign(${DIGEST})).toHex();`;

interface App extends AsyncDisposable {
  run(code: string, registeredKey?: RegisteredKey): Promise<string>;
}

async function start(isSandboxed: boolean, source = APP): Promise<App> {
  const folder = await TempDir.make();
  await Deno.writeTextFile(`${folder.path}/client.ts`, source);
  const module = await findAppModule("client:app", folder.path);
  const host = isSandboxed
    ? await startSandboxedApp({ module, readable: [], compute: {}, output: () => {} })
    : await AppHost.start(module);
  const { signal } = new AbortController();
  return {
    async run(code, registeredKey) {
      const context = {
        ...{ runId: RUN_ID, nodeId: NODE_ID, registeredKey, state: new RecordDict() },
        ...{ nodeConfig: new ConfigRecord(), runConfig: new ConfigRecord() },
      };
      const { reply } = await host.handle(instruction(code), context, signal);
      return reply.error?.reason ?? reply.content.configRecord("config").string("result");
    },
    async [Symbol.asyncDispose]() {
      host[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function keyAndIdentity() {
  const key = await PrivateKey.generate("P-384");
  const other = await PrivateKey.generate("P-256");
  const trustedNodeKeys = [key, other].map(({ publicKey }) => publicKey.spki);
  const registered = keyForApps({ identity: { key }, trustedNodeKeys })!(RUN_ID, NODE_ID);
  return { key, other, registered };
}

async function isSigned(key: PrivateKey, signature: string, text: Uint8Array<ArrayBuffer>) {
  return await crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" },
    await importPublicKey(key.publicKey, "ECDSA"),
    rawFromDerSignature(Uint8Array.fromHex(signature), "P-384")!,
    text,
  );
}

for (const [where, isSandboxed] of [["a worker", false], ["a sandbox", true]] as const) {
  Deno.test(`an app in ${where} has a digest signed, for its run and node alone`, async () => {
    const { key, other, registered } = await keyAndIdentity();
    await using app = await start(isSandboxed);
    const signature = await app.run(SIGN, registered);
    const digest = Uint8Array.from({ length: 32 }, (_, i) => i);
    assert.ok(await isSigned(key, signature, roundKeysStatement(RUN_ID, NODE_ID, digest)));
    assert.ok(!await isSigned(key, signature, roundKeysStatement(RUN_ID + 1n, NODE_ID, digest)));
    assert.ok(!await isSigned(key, signature, roundKeysStatement(RUN_ID, NODE_ID + 1n, digest)));
    assert.ok(!await isSigned(key, signature, digest));

    const seen = await app.run(
      "const { publicKey, trustedKeys } = context.registeredKey;" +
        "return [publicKey, ...trustedKeys].map((key) => key.toHex()).join();",
      registered,
    );
    const keys = [key, key, other].map(({ publicKey }) => publicKey.spki.toHex());
    assert.equal(seen, keys.join());
    assert.equal(await app.run("return context.registeredKey;"), "undefined");
  });

  Deno.test(`an app in ${where} gets one signature for each message`, async () => {
    const { registered } = await keyAndIdentity();
    await using app = await start(isSandboxed);
    const first = await app.run(SIGN, registered);
    assert.match(await app.run(SIGN, registered), /^[0-9a-f]{120,}$/);
    assert.match(first, /^[0-9a-f]{120,}$/);
    const twice = `await context.registeredKey.sign(${DIGEST}); ${SIGN}`;
    await assert.rejects(app.run(twice, registered), /signature that it may not have/);
    assert.match(await app.run(SIGN, registered), /^[0-9a-f]{120,}$/);
  });

  Deno.test(`an app in ${where} without a key, or between messages, gets none`, async () => {
    const { registered } = await keyAndIdentity();
    await using app = await start(isSandboxed);
    const post = `self.postMessage({ kind: "sign", digest: ${DIGEST} });`;
    await assert.rejects(app.run(`${post} return new Promise(() => {});`), /may not have/);
    // It asks after its reply: the answer goes to no later message.
    const later = `setTimeout(() => { ${post} }); return "ok";`;
    assert.equal(await app.run(later, registered), "ok");
    const loading = APP.replace("const Code", `${post}\nconst Code`);
    await assert.rejects(
      start(isSandboxed, loading),
      /crashed its worker while it was being loaded/,
    );
  });
}

Deno.test("a sandboxed app that asks for anything but 32 bytes to be signed is ended", async () => {
  const { registered } = await keyAndIdentity();
  await using app = await start(true);
  for (
    const digest of [
      "new Uint8Array(31)",
      "new Uint8Array(1e6)",
      "'2026-11-30T10:00:00.000000+00:00'",
      "{ length: 32 }",
    ]
  ) {
    const code = `await context.registeredKey.sign(${digest}); return "signed";`;
    await assert.rejects(app.run(code, registered), /violates the protocol/, digest);
  }
});

Deno.test("an app in a worker that asks for anything but 32 bytes to be signed is ended", async () => {
  const { registered } = await keyAndIdentity();
  await using app = await start(false);
  for (const digest of ["new Uint8Array(31)", "'2026-11-30T10:00:00.000000+00:00'"]) {
    const code = `await context.registeredKey.sign(${digest}); return "signed";`;
    await assert.rejects(app.run(code, registered), /cannot sign for it/, digest);
  }
});
