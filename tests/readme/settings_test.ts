/** The files that README and reference show are read as they stand. */
import assert from "node:assert/strict";
import { readAppConfig } from "../../fab/app_config.ts";
import { parseToml } from "../../fab/toml/parse.ts";
import { parseFlowerConfig } from "../../roles/cli/config/config_file.ts";
import { repositoryPath } from "../support/repository.ts";
import { codeBlocks } from "./markdown.ts";

const DOCUMENTS = ["README.md", "docs/reference.md"];

Deno.test("documents: every TOML block is a config.toml, or an app's manifest, without a fault", async () => {
  const blocks = (await Promise.all(DOCUMENTS.map(async (document) => {
    const text = await Deno.readTextFile(repositoryPath(document));
    return codeBlocks(text).filter(({ language }) => language === "toml");
  }))).flat().map(({ text }) => new TextEncoder().encode(text));
  const manifests = blocks.filter((block) => parseToml(block, "a block").has("project"));
  const configs = blocks.filter((block) => !manifests.includes(block));
  assert.deepEqual([manifests.length, configs.length], [1, 2]);

  for (const block of manifests) {
    const { fabId } = readAppConfig(parseToml(block, "flwr.toml"), "flwr.toml", isModule);
    assert.equal(fabId, "my-lab/my-app");
  }
  for (const block of configs) {
    const config = parseFlowerConfig(block, "config.toml");
    for (const name of config.names) assert.deepEqual(config.connection(name).unknownKeys, []);
  }
});

function isModule(path: string): boolean {
  return path === "server.ts" || path === "client.ts";
}
