import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import { parseFlowerConfig } from "./config_file.ts";
import type { SuperLinkConnection } from "./connection.ts";
import { findSuperLink } from "./find_superlink.ts";
import { explainControlError } from "./explain_control_error.ts";

const FILE = "/home/me/.flwr/config.toml";
const SECURE = { insecure: false };

function parse(text: string) {
  return parseFlowerConfig(new TextEncoder().encode(text), FILE);
}

/** The connection "x" of a file with these lines in its table. */
function connection(...lines: string[]): SuperLinkConnection {
  return parse(["[superlink.x]", ...lines].join("\n")).connection("x").connection;
}

async function withHome(body: (home: string, notes: string[]) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "flwr-config-" });
  try {
    await body(join(home, "new"), []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("config: a connection has an address, TLS and a federation", () => {
  assert.deepEqual(
    connection('address = "a.example:8000"', 'root-certificates = "/ca.crt"'),
    {
      name: "x",
      address: "a.example:8000",
      insecure: false,
      rootCertificates: "/ca.crt",
      file: FILE,
    },
  );
  const plain = connection('address = "[::1]:9"', "insecure = true", 'federation = "@a/b"');
  assert.deepEqual([plain.address, plain.insecure, plain.federation], ["[::1]:9", true, "@a/b"]);
});

Deno.test("config: the default port is that of HTTPS, and :local: is this machine's SuperLink", () => {
  const hosted = connection('address = "api.flower.ai"');
  assert.deepEqual([hosted.address, hosted.insecure], ["api.flower.ai:443", false]);
  for (const address of [":local:", ":local-in-memory:"]) {
    const local = connection(`address = "${address}"`);
    assert.deepEqual([local.address, local.insecure], ["127.0.0.1:8000", true]);
  }
});

Deno.test("config: errors name file, table and key", () => {
  const address = 'address = "a:1"';
  const faults: readonly [lines: string[], words: RegExp][] = [
    [[], /^"address" is missing in \[superlink\.x\] of "\/home/],
    [
      ["address = 8000"],
      /^"address" in \[superlink\.x\] of ".*" is not a text: it is a whole number/,
    ],
    [['address = "http://a:1"'], /^"address" in \[superlink\.x\].*cannot be parsed/],
    [[address, 'insecure = "yes"'], /^"insecure" .* is not true or false: it is a text/],
    [[address, 'root-certificates = "ca.crt"'], /not an absolute path: "ca\.crt"/],
    [
      [address, 'root-certificates = "/a"', "insecure = true"],
      /cannot be used together in \[super/,
    ],
    [[address, 'federation = "mine"'], /^"federation" in .* is not of the form "@account\/name"/],
  ];
  for (const [lines, words] of faults) {
    assert.throws(() => connection(...lines), (error: Error) => words.test(error.message));
  }
  assert.throws(() => parse("superlink = 1"), /"superlink" in ".*" is not a table/);
  assert.throws(() => parse("[superlink]\ndefault = 1"), /"default" in \[superlink\]/);
  assert.throws(
    () => parse("[superlink"),
    /"\/home\/me\/.flwr\/config.toml" is not valid TOML, line 1/,
  );
});

Deno.test("config: unknown keys are tolerated and named; tables keep their order", () => {
  const config = parse(
    '[superlink]\ndefault = "b"\n[superlink.b]\naddress = "b:1"\noptions.num-supernodes = 2\n' +
      '[superlink.a]\naddress = "a:1"\n[other]\nkey = 1\n',
  );
  assert.deepEqual([config.defaultName, config.names], ["b", ["b", "a"]]);
  assert.deepEqual(config.connection("b").unknownKeys, ["options"]);
  assert.throws(() => config.connection("c"), (error) => {
    assert.ok(error instanceof FlwrError);
    assert.deepEqual([error.code, error.hints[0]], ["not-found", "The file has: b, a"]);
    return true;
  });
});

Deno.test("superlink: a missing config.toml is created with Flower's content, and not changed later", () =>
  withHome(async (home, notes) => {
    const options = { home, notify: (sentence: string) => notes.push(sentence) };
    const local = await findSuperLink(undefined, SECURE, options);
    assert.deepEqual([local.name, local.address], ["local", "127.0.0.1:8000"]);
    assert.match(notes.join(), /^Created ".*config\.toml"/);
    const file = join(home, "config.toml");
    await Deno.writeTextFile(file, '[superlink.a]\naddress = "a:1"\nextra = 1\n');
    assert.equal((await findSuperLink("a", SECURE, options)).address, "a:1");
    assert.match(notes.at(-1)!, /"extra" in \[superlink\.a\] of "/);
    await assert.rejects(findSuperLink(undefined, SECURE, options), { code: "invalid-argument" });
  }));

Deno.test("superlink: an address needs no file, and only an address accepts the flags", () =>
  withHome(async (home, notes) => {
    const options = { home, notify: (sentence: string) => notes.push(sentence) };
    assert.deepEqual(await findSuperLink("a:1", { insecure: true }, options), {
      address: "a:1",
      insecure: true,
    });
    const both = { insecure: true, rootCertificates: "ca.crt" };
    await assert.rejects(findSuperLink("a:1", both, options), { code: "invalid-argument" });
    await assert.rejects(findSuperLink("a:70000", SECURE, options), { code: "invalid-argument" });
    await assert.rejects(
      findSuperLink("mine", { insecure: true }, options),
      /^FlwrError: --insecure works only .* host:port: "mine" is a name$/,
    );
    await assert.rejects(
      findSuperLink(undefined, { insecure: false, rootCertificates: "ca.crt" }, options),
      /--root-certificates works only .*: you gave none/,
    );
    assert.deepEqual(notes, []);
    await assert.rejects(Deno.stat(home), Deno.errors.NotFound);
  }));

Deno.test("control error: it has Flower's number, and hints name the file that the connection is from", () => {
  const named: SuperLinkConnection = { name: "x", address: "a:1", insecure: true, file: FILE };
  const numbered = new FlwrError("not-found", "Run ID not found", {
    hints: ["List them"],
    cause: new ApiError("run-not-found", "Run ID not found."),
  });
  const explained = FlwrError.from(explainControlError(numbered, named));
  assert.deepEqual([explained.message, explained.hints], ["Run ID not found [code: 16]", [
    "List them",
  ]]);

  const tls = new FlwrError("failed-precondition", '"a:1" speaks TLS only', {
    hints: ["Leave out --insecure and give the SuperLink's ca.crt to --root-certificates"],
  });
  assert.deepEqual(FlwrError.from(explainControlError(tls, named)).hints, [
    'Leave out "insecure = true" and give the SuperLink\'s ca.crt to "root-certificates"',
    `Or change [superlink.x] in "${FILE}"`,
  ]);
  const flagged = FlwrError.from(explainControlError(tls, { address: "a:1", insecure: true }));
  assert.deepEqual(flagged.hints, tls.hints);

  const other = new FlwrError("invalid-argument", "No", { hints: ["Do"] });
  assert.equal(explainControlError(other, named), other);
  const bug = new TypeError("x");
  assert.equal(explainControlError(bug, named), bug);
});
