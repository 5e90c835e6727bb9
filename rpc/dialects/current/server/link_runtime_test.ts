import assert from "node:assert/strict";
import { FakeClock } from "../../../../base/clock.ts";
import type { Link } from "../../../../link/link.ts";
import type { LinkMessage } from "../../../../entities/message.ts";
import type { ObjectTree } from "../../../../entities/object.ts";
import { linkRuntimeBackend } from "./link_runtime.ts";

/**
 * Seven levels of seven objects, each referring to all of the next level: 137,257 nodes, counting repeated objects
 * each time.
 */
const WIDE: ObjectTree = new Map(
  Array.from(
    { length: 6 },
    (_, level) =>
      Array.from({ length: 7 }, (_, place): [string, string[]] => [
        `${level}.${place}`,
        level === 5 ? [] : Array.from({ length: 7 }, (_, next) => `${level + 1}.${next}`),
      ]),
  ).flat(),
);
const CONTENTS = Array.from({ length: 7 }, (_, place) => `0.${place}`);

/** The part of the domain that a pull of replies needs. All replies exist. */
function linkOf(replies: readonly string[]): Link {
  const messages: Pick<Link["messages"], "pullReplies"> = {
    pullReplies: (ids) =>
      Promise.resolve(
        replies.filter((id) => ids.includes(id)).map((id) =>
          ({ messageId: `reply to ${id}`, replyToMessageId: id, content: "0.0" }) as LinkMessage
        ),
      ),
  };
  const objects: Pick<Link["objects"], "treeOf"> = {
    treeOf: (root) => Promise.resolve(new Map([[root, CONTENTS], ...WIDE])),
  };
  return { messages, objects } as Link;
}

Deno.test("replies that do not fit into a response are sent with the next one", async () => {
  const ids = Array.from({ length: 10 }, (_, number) => `${number}`);
  const backend = linkRuntimeBackend(linkOf(ids), new FakeClock());
  const task = { taskId: 1n, runId: 2n, nodeId: 1n, token: "" };
  const pull = async (asked: readonly string[]) => {
    const hold = { holdSeconds: 0, lingerSeconds: 0, signal: new AbortController().signal };
    const pulled = await backend.pullMessages(task, asked, hold);
    return pulled.map(({ message }) => message.replyToMessageId);
  };
  const first = await pull(ids);
  assert.deepEqual(first, ids.slice(0, 7));
  assert.deepEqual(await pull(ids.slice(7)), ids.slice(7));
});
