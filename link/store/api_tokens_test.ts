import assert from "node:assert/strict";
import type { ApiTokenRecord } from "./api_token_table.ts";
import { eachStore } from "./testing/each_store.ts";

const TOKEN: ApiTokenRecord = {
  tokenId: "id-1",
  hash: "a".repeat(64),
  accountId: "sub\0ject",
  accountName: "älice",
  name: "ci",
  roles: ["researcher", "viewer"],
  createdAt: 1000,
  expiresAt: 2000,
};

eachStore("api tokens: found by hash, listed by account, limited, removed", async (store) => {
  const { apiTokens } = store;
  assert.equal(await apiTokens.add(TOKEN, 2), true);
  const second = {
    ...TOKEN,
    tokenId: "id-2",
    hash: "b".repeat(64),
    createdAt: 1001,
    expiresAt: 1500,
  };
  assert.equal(await apiTokens.add(second, 2), true);
  const third = { ...TOKEN, tokenId: "id-3", hash: "c".repeat(64) };
  assert.equal(await apiTokens.add(third, 2), false, "the account has two");
  const other = { ...third, accountId: "other" };
  assert.equal(await apiTokens.add(other, 2), true);
  assert.deepEqual(await apiTokens.byHash(TOKEN.hash), TOKEN);
  assert.equal(await apiTokens.byHash("d".repeat(64)), undefined);
  assert.deepEqual(await apiTokens.list(TOKEN.accountId), [TOKEN, second]);
  assert.equal((await apiTokens.list()).length, 3);
  await apiTokens.removeExpired(1500);
  assert.deepEqual(await apiTokens.list(TOKEN.accountId), [TOKEN]);
  await apiTokens.remove(TOKEN.tokenId);
  assert.equal(await apiTokens.byHash(TOKEN.hash), undefined);
  assert.deepEqual(await apiTokens.list(), [other]);
});
