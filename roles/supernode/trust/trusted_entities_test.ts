import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { AppBundle } from "../../../app/connection.ts";
import { sshString } from "../../../auth/ssh_wire.ts";
import { joinBytes } from "../../../base/bytes.ts";
import { readTrustedEntities } from "./trusted_entities.ts";
import { bundleSigner } from "./bundle_signer.ts";

const SIGNED_AT = 1_790_000_000;
const CONTENT = new TextEncoder().encode("an app");

async function keyPair(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
}

async function opensshLine({ publicKey }: CryptoKeyPair): Promise<string> {
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  return `ssh-ed25519 ${
    joinBytes([sshString("ssh-ed25519"), sshString(point)]).toBase64()
  } somebody`;
}

async function signed(pair: CryptoKeyPair, content = CONTENT, at = SIGNED_AT): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(at));
  const signature = await crypto.subtle.sign("Ed25519", pair.privateKey, joinBytes([time, digest]));
  return JSON.stringify({
    signature: new Uint8Array(signature).toBase64({ alphabet: "base64url", omitPadding: true }),
    signed_at: SIGNED_AT,
  });
}

function bundle(verifications: Record<string, string>): AppBundle {
  return { hash: "", content: CONTENT, verifications };
}

async function withFile(text: string, test: (file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "trusted.yaml");
    await Deno.writeTextFile(file, text);
    await test(file);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a bundle is trusted if a trusted key signed this content at this time", async () => {
  const [ann, eve] = await Promise.all([keyPair(), keyPair()]);
  await withFile(`fpk_ann: ${await opensshLine(ann)}\n`, async (file) => {
    const trusted = await readTrustedEntities(file);
    const good = await signed(ann);
    const signer = (verifications: Record<string, string>) =>
      bundleSigner(bundle(verifications), trusted);
    assert.equal(await signer({ fpk_eve: await signed(eve), fpk_ann: good }), "fpk_ann");
    assert.equal(await signer({}), undefined);
    assert.equal(await signer({ fpk_eve: good }), undefined, "an id that is not trusted");
    assert.equal(await signer({ fpk_ann: await signed(eve) }), undefined, "another's signature");
    const other = new TextEncoder().encode("another app");
    assert.equal(await signer({ fpk_ann: await signed(ann, other) }), undefined, "other content");
    assert.equal(await signer({ fpk_ann: await signed(ann, CONTENT, 1) }), undefined, "other time");
    for (const broken of ["", "{}", "null", '{"signature":"?","signed_at":1}', good.slice(1)]) {
      assert.equal(await signer({ fpk_ann: broken }), undefined, broken);
    }
    assert.equal(await signer({ valid_license: "yes" }), undefined);
  });
});

Deno.test("an invalid file of trusted entities is refused with the reason", async () => {
  const line = await opensshLine(await keyPair());
  const wrong: readonly [text: string, words: RegExp][] = [
    ["", /lists no keys/],
    ["fpk_1: ecdsa-sha2-nistp384 AAAA\n", /"fpk_1".*has type "ecdsa-sha2-nistp384"/],
    [`fpk_1: ${line.slice(0, 40)}\n`, /"fpk_1".*damaged/],
    ["- x\n", /line 1/],
  ];
  for (const [text, words] of wrong) {
    await withFile(text, async (file) => {
      await assert.rejects(readTrustedEntities(file), { message: words, code: "invalid-argument" });
    });
  }
  await assert.rejects(readTrustedEntities("/no/such/file"), { code: "not-found" });
});
