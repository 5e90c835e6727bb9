import assert from "node:assert/strict";
import { testWithAllRights } from "../../base/testing/all_rights.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { ASSETS_FILE, bundlePage } from "./bundle.ts";

testWithAllRights("dashboard: the bundle is that of the page's sources", async () => {
  const text = await Deno.readTextFile(repositoryPath(ASSETS_FILE));
  assert.ok(text === await bundlePage(repositoryPath("")), "bundle it: deno task dashboard");
});
