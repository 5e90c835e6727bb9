import assert from "node:assert/strict";
import { join } from "node:path";
import { Command } from "commander";
import { addConnectionOptions } from "../flags/connection_options.ts";
import { generateKeys } from "../cli/keys/generate.ts";
import { readSuperNodeConfig, type SuperNodeConfig } from "./config.ts";
import { addSuperNodeOptions, DEFAULT_SUPERLINK, type SuperNodeFlags } from "./flags.ts";

/** The configuration from a command line's flags. */
async function read(...args: string[]): Promise<SuperNodeConfig> {
  const command = addSuperNodeOptions(
    addConnectionOptions(new Command().exitOverride(), DEFAULT_SUPERLINK),
  );
  command.parse(args, { from: "user" });
  return await readSuperNodeConfig(undefined, command.opts<SuperNodeFlags>());
}

async function withKeys(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await generateKeys({ folder, clients: 1 });
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("without flags a node connects to today's SuperLink and runs the apps of runs", async () => {
  const config = await read("--insecure");
  assert.equal(config.address, "127.0.0.1:8000");
  assert.equal(config.tls, "insecure");
  assert.equal(config.app, undefined);
  assert.equal(config.identity, undefined);
  assert.equal(config.trusted, undefined);
  assert.deepEqual(config.allowRead, []);
  const { spawns, port, anyPort, executors } = config.python;
  assert.deepEqual({ spawns, port, anyPort, executors }, {
    spawns: true,
    port: 9094,
    anyPort: true,
    executors: "nobody",
  });
});

Deno.test("both names of the SuperLink's flag set its address, and the newer one wins", async () => {
  assert.equal((await read("--insecure", "--server", "h:1")).address, "h:1");
  const both = await read("--insecure", "--server", "h:1", "--superlink", "g:2");
  assert.equal(both.address, "g:2");
});

Deno.test("the private key alone identifies the node, over TLS only", async () => {
  await withKeys(async (folder) => {
    const key = join(folder, "keys", "client_credentials_1");
    const { identity } = await read("--auth-supernode-private-key", key);
    const beside = await read(
      ...["--auth-supernode-private-key", key, "--auth-supernode-public-key", `${key}.pub`],
    );
    assert.equal(identity!.key.publicKey.pem, beside.identity!.key.publicKey.pem);
    assert.equal(identity!.superLinkKey, undefined);
    await assert.rejects(read("--insecure", "--auth-supernode-private-key", key), {
      code: "failed-precondition",
    });
    await assert.rejects(
      read("--auth-supernode-public-key", `${key}.pub`),
      /also needs --auth-supernode-private-key/,
    );
    await assert.rejects(
      read("--auth-superlink-public-key", `${key}.pub`),
      /--auth-superlink-public-key also needs/,
    );
  });
});

Deno.test("a folder is granted by its real path, unless it contains the node's own keys", async () => {
  await withKeys(async (folder) => {
    const real = await Deno.realPath(folder);
    const certificates = join(folder, "certificates");
    const { allowRead } = await read(
      ...["--insecure", "--allow-read", certificates, "--allow-read", join(folder, "keys")],
    );
    assert.ok(allowRead.includes(join(real, "certificates")));
    assert.ok(allowRead.includes(join(real, "keys")));
    const key = join(folder, "keys", "client_credentials_1");
    await assert.rejects(
      read("--auth-supernode-private-key", key, "--allow-read", folder),
      { code: "permission-denied", message: /^--allow-read: .*client_credentials_1/ },
    );
    await assert.rejects(read("--insecure", "--allow-read", join(folder, "none")), {
      code: "not-found",
    });
  });
});

Deno.test("a flower-superexec may acquire tasks only with --isolation process", async () => {
  await withKeys(async (folder) => {
    const open = await read("--insecure", "--isolation", "process");
    assert.equal(open.python.executors, "this-machine");
    assert.equal(open.python.anyPort, false, "others look for the port");
    const secret = join(folder, "secret");
    await Deno.writeTextFile(secret, "shared");
    const shared = ["--insecure", "--superexec-auth-secret-file", secret];
    assert.equal((await read(...shared)).python.executors, "nobody");
    const { executors } = (await read(...shared, "--isolation", "process")).python;
    assert.equal(typeof executors, "object");
    await assert.rejects(
      read("--insecure", "--isolation", "process", "--superexec-auth-secret-file", `${secret}2`),
      { code: "not-found", message: /--superexec-auth-secret-file/ },
    );
  });
});

Deno.test("the Runtime API uses TLS with all three files, and none without any", async () => {
  await withKeys(async (folder) => {
    const file = (name: string) => join(folder, "certificates", name);
    const all = [
      ...["--ssl-ca-certfile", file("ca.crt"), "--ssl-certfile", file("server.pem")],
      ...["--ssl-keyfile", file("server.key")],
    ];
    const { tls, authorityFile } = (await read("--insecure", ...all)).python;
    assert.match(tls!.cert, /BEGIN CERTIFICATE/);
    assert.equal(authorityFile, file("ca.crt"));
    await assert.rejects(read("--insecure", ...all.slice(0, 4)), /needs all of --ssl-ca-certfile/);
    assert.equal((await read("--insecure")).python.tls, undefined);
  });
});

Deno.test("the keys of trusted nodes are read from a list, and need the node's own key", async () => {
  await withKeys(async (folder) => {
    const list = join(folder, "keys", "client_public_keys.csv");
    const key = join(folder, "keys", "client_credentials_1");
    const ca = join(folder, "certificates", "ca.crt");
    const own = ["--root-certificates", ca, "--auth-supernode-private-key", key];
    const { identity, trustedNodeKeys } = await read(...own, "--trusted-node-keys", list);
    assert.deepEqual(trustedNodeKeys, [identity!.key.publicKey.spki]);
    assert.equal((await read(...own)).trustedNodeKeys, undefined);
    await assert.rejects(read("--insecure", "--trusted-node-keys", list), {
      code: "invalid-argument",
      message: /--trusted-node-keys also needs --auth-supernode-private-key/,
    });
    await assert.rejects(read(...own, "--trusted-node-keys", `${list}2`), {
      code: "not-found",
      message: /--trusted-node-keys/,
    });
    await Deno.writeTextFile(list, "");
    await assert.rejects(read(...own, "--trusted-node-keys", list), {
      code: "invalid-argument",
      message: /is empty/,
    });
  });
});

Deno.test("invalid values are refused with their flag", async () => {
  const wrong: readonly [args: string[], words: RegExp][] = [
    [["--node-config", "a=", "--insecure"], /--node-config/],
    [["--health-server-address", "nowhere", "--insecure"], /--health-server-address/],
    [["--host", "two words", "--insecure"], /--host/],
    [["--superlink", "nowhere", "--insecure"], /--superlink/],
    [["--trusted-entities", "/no/such.yaml", "--insecure"], /--trusted-entities/],
  ];
  for (const [args, words] of wrong) await assert.rejects(read(...args), { message: words });
});
