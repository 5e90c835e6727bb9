import assert from "node:assert/strict";
import { npmRegistry, type NpmSurroundings } from "./npm.ts";

function surroundings(
  variables: Record<string, string>,
  npm?: string,
  npmrc?: string,
): NpmSurroundings {
  return {
    env: (name) => variables[name],
    npm: () => Promise.resolve(npm),
    readText: (path) => Promise.resolve(path.endsWith(".npmrc") ? npmrc : undefined),
  };
}

const CASES: [string, NpmSurroundings, string | undefined][] = [
  ["nothing is configured", surroundings({}), undefined],
  [
    "the environment names one, before npm",
    surroundings({ NPM_CONFIG_REGISTRY: "http://env.example/npm/" }, "https://npm.example/"),
    "http://env.example/npm",
  ],
  [
    "npm names one, before the file",
    surroundings({ HOME: "/home/u" }, "https://npm.example/\n", "registry=https://file.example"),
    "https://npm.example",
  ],
  [
    "only the user's file names one",
    surroundings(
      { HOME: "/home/u" },
      undefined,
      "fund=false\n registry = https://file.example/r/\n",
    ),
    "https://file.example/r",
  ],
  [
    "the file names a scope's registry only",
    surroundings({ HOME: "/home/u" }, undefined, "@scope:registry=https://scope.example/"),
    undefined,
  ],
  [
    "the configured value is not an address",
    surroundings({ npm_config_registry: "file:///etc" }, "undefined"),
    undefined,
  ],
];
for (const [when, given, expected] of CASES) {
  Deno.test(`npm registry: when ${when}`, async () => {
    if (expected === undefined) {
      await assert.rejects(npmRegistry(given), /Cannot find an npm registry/);
    } else assert.equal(await npmRegistry(given), expected);
  });
}
