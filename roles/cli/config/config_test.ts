import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import { parseFlowerConfig } from "./config_file.ts";
import type { SuperLinkConnection } from "./connection.ts";
import { findSuperLink } from "./find_superlink.ts";
import { tellProblem } from "./tell_problem.ts";

const FILE = "/home/me/.flwr/config.toml";
const SECURE = { insecure: false };

function parse(text: string) {
  return parseFlowerConfig(new TextEncoder().encode(text), FILE);
}

/** The connection "x" of a file with these lines in its table. */
function connection(...lines: string[]): SuperLinkConnection {
  return parse(["[superlink.x]", ...lines].join("\n")).connection("x").connection;
}

async function withHome(body: (home: string, told: string[]) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "flwr-config-" });
  try {
    await body(join(home, "new"), []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("config: a connection says address, TLS and federation", () => {
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

Deno.test("config: an address without a port is HTTPS's, :local: is this machine's SuperLink", () => {
  const hosted = connection('address = "api.flower.ai"');
  assert.deepEqual([hosted.address, hosted.insecure], ["api.flower.ai:443", false]);
  for (const address of [":local:", ":local-in-memory:"]) {
    const local = connection(`address = "${address}"`);
    assert.deepEqual([local.address, local.insecure], ["127.0.0.1:8000", true]);
  }
});

Deno.test("config: what is wrong is told with file, table and key", () => {
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

Deno.test("superlink: without a config.toml one is made, as Flower's, and is not touched again", () =>
  withHome(async (home, told) => {
    const options = { home, tell: (sentence: string) => told.push(sentence) };
    const local = await findSuperLink(undefined, SECURE, options);
    assert.deepEqual([local.name, local.address], ["local", "127.0.0.1:8000"]);
    assert.match(told.join(), /^Made ".*config\.toml"/);
    const file = join(home, "config.toml");
    await Deno.writeTextFile(file, '[superlink.a]\naddress = "a:1"\nextra = 1\n');
    assert.equal((await findSuperLink("a", SECURE, options)).address, "a:1");
    assert.match(told.at(-1)!, /^"extra" in \[superlink\.a\] of ".*" means nothing here$/);
    await assert.rejects(findSuperLink(undefined, SECURE, options), /No SuperLink given/);
  }));

Deno.test("superlink: an address needs no file, and alone takes the flags", () =>
  withHome(async (home, told) => {
    const options = { home, tell: (sentence: string) => told.push(sentence) };
    assert.deepEqual(await findSuperLink("a:1", { insecure: true }, options), {
      address: "a:1",
      insecure: true,
    });
    const both = { insecure: true, rootCertificates: "ca.crt" };
    await assert.rejects(findSuperLink("a:1", both, options), /cannot be used together/);
    await assert.rejects(findSuperLink("a:70000", SECURE, options), /the port must be/);
    await assert.rejects(
      findSuperLink("mine", { insecure: true }, options),
      /^FlwrError: --insecure works only .* host:port: "mine" is a name$/,
    );
    await assert.rejects(
      findSuperLink(undefined, { insecure: false, rootCertificates: "ca.crt" }, options),
      /--root-certificates works only .*: you gave none/,
    );
    assert.deepEqual(told, []);
    await assert.rejects(Deno.stat(home), Deno.errors.NotFound);
  }));

Deno.test("problem: Flower's number is told; hints speak of the file where the connection is from it", () => {
  const named: SuperLinkConnection = { name: "x", address: "a:1", insecure: true, file: FILE };
  const numbered = new FlwrError("not-found", "Run ID not found", {
    hints: ["List them"],
    cause: new ApiError("run-not-found", "Run ID not found."),
  });
  const told = FlwrError.from(tellProblem(numbered, named));
  assert.deepEqual([told.message, told.hints], ["Run ID not found [code: 16]", ["List them"]]);

  const tls = new FlwrError("failed-precondition", '"a:1" speaks TLS only', {
    hints: ["Leave out --insecure and give the SuperLink's ca.crt to --root-certificates"],
  });
  assert.deepEqual(FlwrError.from(tellProblem(tls, named)).hints, [
    'Leave out "insecure = true" and give the SuperLink\'s ca.crt to "root-certificates"',
    `Or change [superlink.x] in "${FILE}"`,
  ]);
  const flagged = FlwrError.from(tellProblem(tls, { address: "a:1", insecure: true }));
  assert.deepEqual(flagged.hints, tls.hints);

  const other = new FlwrError("invalid-argument", "No", { hints: ["Do"] });
  assert.equal(tellProblem(other, named), other);
  const bug = new TypeError("x");
  assert.equal(tellProblem(bug, named), bug);
});
