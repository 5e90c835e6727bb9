import assert from "node:assert/strict";
import { languagesOf, missingRecommendations, readAppConfig } from "./app_config.ts";
import { appFiles } from "./testing/app_files.ts";
import { parseToml } from "./toml/parse.ts";

const manifest = appFiles("typescript")["pyproject.toml"]!;
const parse = (text: string) => parseToml(new TextEncoder().encode(text), "pyproject.toml");
const read = (text: string, ...files: string[]) =>
  readAppConfig(parse(text), "pyproject.toml", (path) => files.includes(path));

Deno.test("app config: one error lists all faults", () => {
  assert.throws(() => read("[project]\nname = 1\n[tool.flwr.app]\nfab-include = []\n"), {
    code: "invalid-argument",
    message: '"pyproject.toml" does not describe an app: "name" in [project] is not a text; ' +
      '"version" in [project] is missing; "publisher" in [tool.flwr.app] is missing; ' +
      '"fab-include" in [tool.flwr.app] is empty: name a pattern, or leave the key out; ' +
      "there is no [tool.flwr.app.components] section",
  });
});

Deno.test("app config: names follow Flower's rule and may have letters of any script", () => {
  const named = (name: string) => () =>
    read(manifest.replace('"small"', `"${name}"`), "server.ts", "client.ts");
  assert.equal(named("Ünïcode-7")().name, "Ünïcode-7");
  assert.equal(named("a".repeat(32))().name.length, 32);
  for (const name of ["", "7a", "-a", "a_b", "a b", "a/b", "a.b", "a".repeat(33)]) {
    assert.throws(named(name), { message: /"name" in \[project\] / }, name);
  }
});

Deno.test("app config: publisher and version cannot lead to another folder", () => {
  const published = (publisher: string) => () =>
    read(manifest.replace('"tester"', `"${publisher}"`), "server.ts", "client.ts");
  for (const publisher of ["flwrlabs", "Flower Labs", "a.b", "@me", "7_x"]) {
    assert.equal(published(publisher)().fabId, `${publisher}/small`);
  }
  for (
    const publisher of [
      "",
      "..",
      ".x",
      "a/b",
      "a\\\\b",
      "a:b",
      "a\\u0000",
      "x.",
      "x ",
      "-x",
      "y".repeat(65),
    ]
  ) {
    assert.throws(
      published(publisher),
      { message: /"publisher" in \[tool\.flwr\.app\] / },
      publisher,
    );
  }
});

Deno.test("app config: the language follows from the files of the components", () => {
  const languages = (...files: string[]) => read(manifest, ...files).language;
  assert.equal(languages("server.ts", "client.mjs"), "typescript");
  assert.equal(languages("server.js", "client.ts"), "typescript");
  assert.equal(languages("server.py", "client/__init__.py"), "python");
  assert.throws(() => languages("server.ts"), {
    message: '"clientapp" in [tool.flwr.app.components] names "client:app", ' +
      'but the app has neither "client.ts" nor "client.py"',
  });
  assert.throws(() => languages("server.ts", "server.py", "client.ts"), {
    message: /"serverapp" .* has both "server\.ts" and "server\.py"/,
  });
  const nested = manifest.replace("client:app", "pkg.client:app");
  assert.equal(read(nested, "server.ts", "pkg/client.ts").clientApp, "pkg.client:app");
});

Deno.test("app config: a component is a module and an object within the app's folder", () => {
  for (
    const spec of [
      "client",
      ":app",
      "client:",
      "../client:app",
      "/client:app",
      "a..b:app",
      "client:7",
      "c:\\\\x:app",
    ]
  ) {
    assert.throws(() => read(manifest.replace("client:app", spec), "server.ts", "client.ts"), {
      message: /"clientapp" in \[tool\.flwr\.app\.components\] is not of the form "module:object"/,
    }, spec);
  }
});

Deno.test("app config: an app may have only an AgentApp", () => {
  const agent = manifest.replace(/serverapp.*\nclientapp.*/, 'agentapp = "agent:app"');
  const { serverApp, clientApp, language, clientLanguage } = read(agent, "agent.py");
  assert.deepEqual({ serverApp, clientApp, language, clientLanguage }, {
    serverApp: undefined,
    clientApp: undefined,
    language: "python",
    clientLanguage: "python",
  });
});

Deno.test("app config: ServerApp and ClientApp may be in different languages", () => {
  const mixed = read(manifest, "server.ts", "client.py");
  assert.deepEqual([mixed.language, mixed.clientLanguage, languagesOf(mixed)], [
    "typescript",
    "python",
    "mixed",
  ]);
  const other = read(manifest, "server.py", "client.ts");
  assert.deepEqual([other.language, other.clientLanguage], ["python", "typescript"]);
  assert.equal(languagesOf(read(manifest, "server.py", "client.py")), "python");
});

Deno.test("app config: settings may have names of an object's properties", () => {
  const { config } = read(
    `${manifest}__proto__ = 1\nconstructor = "x"\n`,
    "server.ts",
    "client.ts",
  );
  assert.deepEqual(Object.entries(config), [
    ["num-rounds", 3n],
    ["__proto__", 1n],
    ["constructor", "x"],
  ]);
});

Deno.test("app config: missing recommended fields are reported", () => {
  assert.deepEqual(missingRecommendations(parse(manifest)), [
    '[project] has no "description"',
    '[project] has no "license"',
  ]);
  assert.deepEqual(
    missingRecommendations(parse('[project]\ndescription = ""\nlicense = ""\n')),
    [],
  );
});
