import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { generateKeys } from "../cli/keys/generate.ts";
import { readSuperLinkConfig } from "./config.ts";
import { flwrHome } from "../../fab/home.ts";
import { addSuperLinkOptions, DEFAULT_FLAGS, type SuperLinkFlags } from "./flags.ts";
import { Command } from "commander";
import { applyConfigFile } from "../flags/config_file.ts";
import { readRetention } from "./retention_flags.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";

const INSECURE: SuperLinkFlags = { ...DEFAULT_FLAGS, insecure: true };

async function refusal(flags: Partial<SuperLinkFlags>): Promise<FlwrError> {
  const error = await readSuperLinkConfig({ ...INSECURE, ...flags }).then(
    () => undefined,
    (error) => error,
  );
  assert.ok(error instanceof FlwrError, String(error));
  return error;
}

Deno.test("without TLS and keys, the state is in Flower's folder and the ports are on this machine", async () => {
  const config = await readSuperLinkConfig(INSECURE);
  assert.equal(config.tls, undefined);
  assert.equal(config.authentication, undefined);
  const file = join(flwrHome(), "superlink.db");
  assert.deepEqual(config.database, { kind: "sqlite", file, isDefault: true });
  const { database } = await readSuperLinkConfig({ ...INSECURE, database: "a.db" });
  assert.deepEqual(database, { kind: "sqlite", file: "a.db" });
  assert.deepEqual(config.listeners, {
    http: "127.0.0.1:8000",
    fleet: "127.0.0.1:9092",
    control: "127.0.0.1:9093",
    driver: "127.0.0.1:9091",
  });
  assert.deepEqual(config.remote, { control: false, runtime: false });
  assert.deepEqual(config.runs, {
    where: "here",
    simulated: false,
    installDependencies: false,
    allowRead: [],
    concurrent: 4,
  });
});

Deno.test("the error for missing TLS and authentication files names their flags", async () => {
  const tls = await refusal({ insecure: false, sslCertfile: "x" });
  assert.match(tls.message, /--ssl-ca-certfile and --ssl-keyfile/);
  assert.match(tls.hints.join(" "), /keys generate.*--insecure/);
  const auth = await refusal({ authListPublicKeys: "x" });
  assert.match(auth.message, /--auth-superlink-private-key and --auth-superlink-public-key/);
});

Deno.test("several processes need PostgreSQL, and no simulation or idle exit", async () => {
  const database = "postgres://flwr@127.0.0.1/flwr";
  const config = await readSuperLinkConfig({ ...INSECURE, processes: 2, database });
  assert.equal(config.processes, 2);
  for (
    const flags of [
      {},
      { database: ":memory:" },
      { database: "a.db" },
      { database, simulation: true },
      { database, idleExit: 5 },
    ]
  ) {
    const error = await refusal({ ...flags, processes: 2 });
    assert.equal(error.code, "invalid-argument");
    assert.match(error.message, /^--processes 2 /);
  }
});

Deno.test("authentication without TLS is refused", async () => {
  const error = await refusal({
    authListPublicKeys: "a",
    authSuperlinkPrivateKey: "b",
    authSuperlinkPublicKey: "c",
  });
  assert.match(error.message, /needs TLS/);
  assert.match((await refusal({ enableSupernodeAuth: true })).message, /needs TLS/);
});

Deno.test("generated files give a configuration with TLS and authentication", async () => {
  await inTemporaryFolder(async (dir) => {
    await generateKeys({ folder: dir, clients: 1 });
    const tls: SuperLinkFlags = {
      ...DEFAULT_FLAGS,
      sslCaCertfile: join(dir, "certificates/ca.crt"),
      sslCertfile: join(dir, "certificates/server.pem"),
      sslKeyfile: join(dir, "certificates/server.key"),
    };
    const config = await readSuperLinkConfig({
      ...tls,
      authListPublicKeys: join(dir, "keys/client_public_keys.csv"),
      authSuperlinkPrivateKey: join(dir, "keys/server_credentials"),
      authSuperlinkPublicKey: join(dir, "keys/server_credentials.pub"),
    });
    assert.match(config.tls!.certificate, /BEGIN CERTIFICATE/);
    assert.equal(config.tls!.authorityFile, join(dir, "certificates/ca.crt"));
    assert.equal(
      config.authentication!.ownKey!.privateKey,
      join(dir, "keys/server_credentials"),
    );
    const open = await readSuperLinkConfig(tls);
    assert.equal(open.authentication, undefined);
    const registeredOnly = await readSuperLinkConfig({ ...tls, enableSupernodeAuth: true });
    assert.deepEqual(registeredOnly.authentication, {});
    assert.deepEqual([open, registeredOnly].map(({ limits }) => limits), [
      readRetention(DEFAULT_FLAGS, false),
      readRetention(DEFAULT_FLAGS, true),
    ]);
  });
});

Deno.test("a SuperExec secret needs --isolation process, which in turn needs a secret for remote calls", async () => {
  await inTemporaryFolder(async (dir) => {
    const file = join(dir, "secret");
    await Deno.writeFile(file, new Uint8Array([1, 2, 3, 10]));
    const process = { ...INSECURE, isolation: "process" as const };
    const { runs } = await readSuperLinkConfig({ ...process, superexecAuthSecretFile: file });
    assert.deepEqual([runs.where, runs.superexecSecret], [
      "elsewhere",
      new Uint8Array([1, 2, 3, 10]),
    ]);
    assert.equal((await readSuperLinkConfig(process)).runs.superexecSecret, undefined);
    assert.match(
      (await refusal({ superexecAuthSecretFile: file })).message,
      /needs --isolation process/,
    );
    assert.match(
      (await refusal({ isolation: "process", runtimeApiAllowRemote: true })).message,
      /any machine could claim runs/,
    );
    assert.match(
      (await refusal({ isolation: "process", superexecAuthSecretFile: join(dir, "no") })).message,
      /--superexec-auth-secret-file: cannot read file/,
    );
  });
});

Deno.test("a folder that apps may read must exist", async () => {
  await inTemporaryFolder(async (dir) => {
    const { runs } = await readSuperLinkConfig({ ...INSECURE, allowRead: [dir] });
    assert.deepEqual(runs.allowRead, [dir]);
    const error = await refusal({ allowRead: [join(dir, "gone")] });
    assert.match(error.message, /^--allow-read: folder ".*gone" does not exist/);
  });
});

Deno.test("the trusted proxies are addresses and ranges, also in a list of a file", async () => {
  const command = addSuperLinkOptions(new Command("superlink"));
  await inTemporaryFolder(async (folder) => {
    const file = `${folder}/superlink.toml`;
    await Deno.writeTextFile(
      file,
      'trusted-proxy = ["10.0.0.0/24", "::1"]\ntrusted-proxy-header = "forwarded"',
    );
    await applyConfigFile(command, file);
  });
  const { proxies } = await readSuperLinkConfig({
    ...command.opts<SuperLinkFlags>(),
    insecure: true,
  });
  assert.equal(proxies.header, "forwarded");
  assert.deepEqual(["10.0.0.9", "::1", "10.0.1.1"].map((host) => proxies.has(host)), [
    true,
    true,
    false,
  ]);
  await assert.rejects(readSuperLinkConfig({ ...INSECURE, trustedProxy: ["proxy.example"] }), {
    code: "invalid-argument",
    message: /^--trusted-proxy: "proxy\.example"/,
  });
});
