import assert from "node:assert/strict";
import { readKeyList } from "../../../auth/key_list.ts";
import { FlwrError } from "../../../base/error.ts";
import { readKeyPair } from "../../../auth/key_pair.ts";
import { inTemporaryFolder } from "../../../base/testing/temporary_folder.ts";
import { installed, runTool } from "../../../auth/testing/tools.ts";
import { readServerTls } from "../../../certs/check.ts";
import { coversHost, parseHost } from "../../../certs/host.ts";
import { generateKeys } from "./generate.ts";
import { layoutOf } from "./layout.ts";
import { showKey, showKeyList } from "./show.ts";
import { command } from "./command.ts";

/** The contents of all files in a folder, by path. */
function snapshot(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) Object.assign(files, snapshot(path));
    else files[path] = Deno.readTextFileSync(path);
  }
  return files;
}

/** Names of the files that differ between two snapshots. */
function changed(folder: string, before: Record<string, string>): string[] {
  const after = snapshot(folder);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((path) => before[path] !== after[path])
    .map((path) => path.slice(folder.length + 1))
    .sort();
}

function modeOf(file: string): string {
  return (Deno.statSync(file).mode! & 0o777).toString(8);
}

function tlsOf(folder: string) {
  const { authority, server, serverKey } = layoutOf(folder);
  return readServerTls({
    authority: { file: authority },
    certificate: { file: server },
    key: { file: serverKey },
  });
}

Deno.test("an empty folder gets the files of Flower's example, private ones readable by their owner only", () =>
  inTemporaryFolder(async (folder) => {
    const report = await generateKeys({ folder });
    const made = changed(folder, {});
    assert.deepEqual(made, [
      "certificates/ca.crt",
      "certificates/ca.key",
      "certificates/server.key",
      "certificates/server.pem",
      "keys/client_credentials_1",
      "keys/client_credentials_1.pub",
      "keys/client_credentials_2",
      "keys/client_credentials_2.pub",
      "keys/client_public_keys.csv",
      "keys/server_credentials",
      "keys/server_credentials.pub",
    ]);
    assert.equal(report.length, made.length);
    for (const file of made) {
      assert.equal(
        report.filter((line) => line.split("  ").some((p) => p.endsWith(file))).length,
        1,
      );
      const isPrivate = /\.key$|credentials(_\d)?$/.test(file);
      assert.equal(modeOf(`${folder}/${file}`), isPrivate ? "600" : "644", file);
    }
  }));

Deno.test("pairs match, the list has the SuperNodes' keys in one row, and the TLS files are valid", () =>
  inTemporaryFolder(async (folder) => {
    await generateKeys({ folder, clients: 3, hosts: [parseHost("a.example.org")] });
    const layout = layoutOf(folder);
    const paths = [layout.superLink, ...[1, 2, 3].map(layout.client)];
    const pairs = await Promise.all(
      paths.map((path) => readKeyPair({ privateFile: path, publicFile: `${path}.pub` })),
    );
    const [superLink, ...nodes] = pairs.map(({ publicKey }) => publicKey);
    assert.equal(superLink!.curve, "P-384");
    const list = await Deno.readTextFile(layout.list);
    assert.equal(list, `${nodes.map(({ openssh }) => openssh).join(",")}\n`);
    const { hosts } = await tlsOf(folder);
    assert.ok(coversHost(hosts, "a.example.org") && coversHost(hosts, "::1"));
  }));

Deno.test("with a larger n, it makes the missing keys and extends the list, nothing else", () =>
  inTemporaryFolder(async (folder) => {
    await generateKeys({ folder, curve: "P-256" });
    const before = snapshot(folder);
    const old = await Deno.readTextFile(layoutOf(folder).list);
    await generateKeys({ folder, clients: 4 });
    assert.deepEqual(changed(folder, before), [
      "keys/client_credentials_3",
      "keys/client_credentials_3.pub",
      "keys/client_credentials_4",
      "keys/client_credentials_4.pub",
      "keys/client_public_keys.csv",
    ]);
    assert.ok((await Deno.readTextFile(layoutOf(folder).list)).startsWith(`${old.trim()},`));
    const list = await readKeyList({ file: layoutOf(folder).list });
    assert.deepEqual(list.keys().map(({ curve }) => curve), Array(4).fill("P-256"));
  }));

Deno.test("existing files are never changed: same, fewer, moved and revoked keys", () =>
  inTemporaryFolder(async (folder) => {
    const layout = layoutOf(folder);
    await generateKeys({ folder, clients: 3 });
    await Deno.remove(layout.client(1));
    await Deno.remove(layout.authorityKey);
    const [first, , third] = (await Deno.readTextFile(layout.list)).trim().split(",");
    await Deno.writeTextFile(layout.list, `${first}\n${third}\n`);
    const before = snapshot(folder);
    for (const clients of [3, 2, 1]) {
      const report = await generateKeys({ folder, clients });
      assert.deepEqual(report, ["Nothing to make: certificates and 3 client keys already exist"]);
    }
    assert.deepEqual(changed(folder, before), []);
    await generateKeys({ folder, clients: 4 });
    const fourth = await Deno.readTextFile(`${layout.client(4)}.pub`);
    assert.equal(await Deno.readTextFile(layout.list), `${first}\n${third},${fourth.trim()}\n`);
  }));

Deno.test("a missing public key and a missing list are written again", () =>
  inTemporaryFolder(async (folder) => {
    const layout = layoutOf(folder);
    await generateKeys({ folder });
    const before = snapshot(folder);
    await Deno.remove(`${layout.client(2)}.pub`);
    await Deno.remove(layout.list);
    await generateKeys({ folder });
    assert.deepEqual(changed(folder, before), []);
  }));

Deno.test("removed certificates are made again, and keys stay", () =>
  inTemporaryFolder(async (folder) => {
    await generateKeys({ folder });
    const before = snapshot(folder);
    await Deno.remove(layoutOf(folder).certificateFolder, { recursive: true });
    await generateKeys({ folder, hosts: [parseHost("b.example.org")] });
    assert.deepEqual(changed(folder, before).map((file) => file.split("/")[0]), [
      ...Array(4).fill("certificates"),
    ]);
    assert.ok(coversHost((await tlsOf(folder)).hosts, "b.example.org"));
  }));

Deno.test("--force makes everything again and removes the keys beyond n", () =>
  inTemporaryFolder(async (folder) => {
    await generateKeys({ folder, clients: 3 });
    const before = snapshot(folder);
    const report = await generateKeys({ folder, clients: 1, force: true, curve: "P-521" });
    assert.deepEqual(changed(folder, before).length, Object.keys(before).length);
    assert.equal(report.filter((line) => line.startsWith("removed  ")).length, 4);
    assert.equal(report.filter((line) => line.startsWith("replaced  ")).length, 9);
    assert.equal((await showKeyList(layoutOf(folder).list)).length, 1);
    assert.equal(modeOf(layoutOf(folder).client(1)), "600");
  }));

Deno.test("options that conflict with existing files are refused before anything is written", () =>
  inTemporaryFolder(async (folder) => {
    const layout = layoutOf(folder);
    await generateKeys({ folder });
    const before = snapshot(folder);
    const cases = [
      [{ hosts: [parseHost("a.org")] }, "already-exists", /--host has no effect/],
      [{ days: 5 }, "already-exists", /--days has no effect/],
      [{ curve: "P-256" }, "failed-precondition", /uses P-384, not P-256/],
    ] as const;
    for (const [options, code, message] of cases) {
      await assert.rejects(generateKeys({ folder, clients: 5, ...options }), { code, message });
    }
    assert.deepEqual(changed(folder, before), []);

    await Deno.remove(layout.serverKey);
    await assert.rejects(generateKeys({ folder, clients: 5 }), {
      code: "failed-precondition",
      message: /Certificates are incomplete: \S+server.key is missing/,
    });
    await Deno.writeTextFile(layout.list, "garbage,");
    await generateKeys({ folder, clients: 2, force: true });
    await Deno.writeTextFile(`${layout.client(2)}.pub`, "garbage");
    await assert.rejects(
      generateKeys({ folder, clients: 3 }),
      /client_credentials_2.pub" is not an/,
    );
  }));

Deno.test("keys are shown by fingerprint, from private keys, public keys and the list", () =>
  inTemporaryFolder(async (folder) => {
    const layout = layoutOf(folder);
    await generateKeys({ folder, clients: 1 });
    const shown = await showKey(layout.client(1));
    assert.match(shown[0]!, /^SHA256:\S{43} {2}P-384$/);
    assert.deepEqual(await showKey(`${layout.client(1)}.pub`), shown);
    assert.deepEqual(await showKeyList(layout.list), [shown[0]]);
    await assert.rejects(showKey(layout.server), { code: "invalid-argument" });
  }));

Deno.test("the command line reads its flags, and a usage error is thrown", async () => {
  const parse = (...args: string[]) => {
    const keys = command();
    for (const one of [keys, ...keys.commands]) {
      one.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    }
    return keys.parseAsync(args, { from: "user" });
  };
  for (
    const args of [["generate", "0"], ["generate", "x"], ["generate", "--curve", "p1"], ["show"]]
  ) {
    await assert.rejects(parse(...args), { name: "CommanderError" }, args.join(" "));
  }
  await assert.rejects(parse("generate", "--host", "a:1"), { name: "FlwrError" });
  await assert.rejects(parse("list", "/nowhere.csv"), { name: "FlwrError", code: "not-found" });
  await inTemporaryFolder(async (dir) => {
    const lines: string[] = [];
    const log = console.log;
    console.log = (line: string) => lines.push(line);
    try {
      await parse(
        "generate",
        "1",
        "--dir",
        dir,
        "--curve",
        "p256",
        "--host",
        "a.org",
        "--host",
        "::2",
      );
    } finally {
      console.log = log;
    }
    assert.equal(lines.length, 9);
    const { hosts } = await tlsOf(dir);
    assert.ok(coversHost(hosts, "a.org") && coversHost(hosts, "::2"));
    assert.match((await showKey(layoutOf(dir).superLink))[0]!, /P-256$/);
  });
});

Deno.test({
  name: "ssh-keygen and openssl accept every file",
  ignore: !installed("ssh-keygen") || !installed("openssl"),
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const layout = layoutOf(folder);
      await generateKeys({ folder });
      for (const path of [layout.superLink, layout.client(1), layout.client(2)]) {
        const [fingerprint] = (await showKey(path))[0]!.split("  ");
        for (const file of [path, `${path}.pub`]) {
          assert.equal((await runTool("ssh-keygen", "-l", "-f", file)).split(" ")[1], fingerprint);
        }
        const line = await runTool("ssh-keygen", "-y", "-f", path);
        assert.equal(line.trim(), (await Deno.readTextFile(`${path}.pub`)).trim());
      }
      await runTool(
        "openssl",
        "verify",
        "-x509_strict",
        "-CAfile",
        layout.authority,
        layout.server,
      );
      await runTool("openssl", "pkey", "-in", layout.serverKey, "-check", "-noout");
      await runTool("openssl", "pkey", "-in", layout.authorityKey, "-check", "-noout");
    }),
});

Deno.test("a server's certificate and key that were removed are made again by the same authority", async () => {
  await inTemporaryFolder(async (folder) => {
    await generateKeys({ folder, clients: 1 });
    const { server, serverKey, authority, authorityKey } = layoutOf(folder);
    const before = snapshot(folder);
    for (const file of [server, serverKey]) await Deno.remove(file);
    await generateKeys({ folder, clients: 1, hosts: [parseHost("superlink.example.org")] });
    assert.deepEqual(changed(folder, before), [
      "certificates/server.key",
      "certificates/server.pem",
    ]);
    // It checks the chain up to the authority, and that the key belongs to the certificate.
    const { hosts } = await tlsOf(folder);
    assert.ok(hosts.some(({ value }) => value === "superlink.example.org"));
    assert.equal(modeOf(serverKey), "600");

    const other = `${folder}/other`;
    await generateKeys({ folder: other, clients: 1 });
    for (
      const [file, text] of [
        [authorityKey, await Deno.readTextFile(layoutOf(other).authorityKey)],
        [authorityKey, "no key"],
        [authority, "no certificate"],
      ] as const
    ) {
      const kept = await Deno.readTextFile(file);
      for (const made of [server, serverKey]) await Deno.remove(made).catch(() => {});
      await Deno.writeTextFile(file, text);
      await assert.rejects(generateKeys({ folder, clients: 1 }), FlwrError);
      await Deno.writeTextFile(file, kept);
    }
  });
});
