import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { joined, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { scenario } from "../support/stage.ts";

scenario(
  "security: a SuperNode refuses a SuperLink whose key is not the pinned one",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path, 1);
    await Deno.mkdir(stage.path("other"));
    const others = await makeCredentials(stage.path("other"), 1);
    const { fleet } = await startSuperLink({ stage, credentials });
    const pinned = (key: string) =>
      startSuperNode({
        stage,
        credentials,
        fleet,
        node: 1,
        flags: ["--auth-superlink-public-key", key],
      });

    const refusing = pinned(others.superlinkPublicKey);
    assert.notEqual((await refusing.ended(30)).code, 0);
    assert.ok(refusing.records.every(({ event }) => event !== "joined"), "it does not join");

    await joined(pinned(credentials.superlinkPublicKey));
  },
);
