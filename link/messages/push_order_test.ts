import fc from "fast-check";
import assert from "node:assert/strict";
import { linkTest, object, rootOf } from "../../tests/link/harness.ts";
import type { LinkObject } from "../../entities/object.ts";
import { treeOf } from "./testing/pushing.ts";
import { NIGHTLY } from "../../tests/support/nightly.ts";

/** Objects that refer only to earlier ones. The last one is the content. */
const contents = fc.array(fc.array(fc.nat({ max: 7 }), { maxLength: 3 }), {
  minLength: 1,
  maxLength: 8,
}).map((shape) =>
  shape.reduce<LinkObject[]>((objects, picks, index) => {
    const children = [...new Set(picks)].filter((pick) => pick < index);
    return [...objects, object(`${index}`, children.map((child) => objects[child]!))];
  }, [])
);

linkTest(
  "no object is lost or left over, in whatever order objects arrive and pushes end",
  async (bench) => {
    const nodeId = await bench.node(1000);
    await fc.assert(
      fc.asyncProperty(
        contents,
        fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat()),
        async (objects, roots, picks) => {
          const messages = roots.map((root) =>
            bench.instruction(nodeId, { content: `${root % objects.length}`, ttl: 500 })
          );
          const waiting: { sessionId: string; object: LinkObject }[] = [];
          for (const message of messages) {
            const { missing, sessionId } = await bench.link.messages.openPush({
              nodeId: 1n,
              runId: bench.runId,
              messages: [message],
              trees: [treeOf(message, objects)],
            });
            const known = new Map([...objects, rootOf(message)].map((each) => [each.id, each]));
            for (const id of missing) waiting.push({ sessionId, object: known.get(id)! });
          }
          // The last push is abandoned half-way.
          const lost = messages.length > 1 ? waiting.at(-1)!.sessionId : undefined;
          let left = waiting.filter(({ sessionId }) => sessionId === lost).length / 2;
          while (waiting.length > 0) {
            const index = picks.next().value % waiting.length;
            const [{ sessionId, object }] = waiting.splice(index, 1) as [typeof waiting[0]];
            if (sessionId === lost && --left < 0) continue;
            const to = { nodeId: 1n, runId: bench.runId, sessionId };
            assert.equal(await bench.link.messages.putObject(to, object), true);
          }
          const pulled = new Set<string>();
          for (;;) {
            const instruction = await bench.link.messages.pullInstruction(nodeId);
            if (instruction === undefined) break;
            pulled.add(instruction.messageId);
            await bench.stored(instruction.messageId);
          }
          const whole = lost === undefined ? messages : messages.slice(0, -1);
          for (const { messageId } of whole) assert.ok(pulled.has(messageId));
          await bench.link.nodes.heartbeat(nodeId, 1000);
          await bench.pass(700);
          const { objects: kept, pushes, instructions } = await bench.store.usage();
          assert.deepEqual([kept, pushes, instructions], [0, 0, 0]);
          await bench.link.nodes.heartbeat(nodeId, 1000);
        },
      ),
      { numRuns: NIGHTLY ? 40 : 15, seed: 3 },
    );
  },
);
