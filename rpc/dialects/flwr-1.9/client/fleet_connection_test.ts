import assert from "node:assert/strict";
import { FakeClock } from "../../../../base/clock.ts";
import { seededRandom } from "../../../../base/random.ts";
import type { Channel } from "../../../channel.ts";
import { FleetConnection19 } from "./fleet_connection.ts";

Deno.test("a SuperLink that responds at once is polled for as long as ours would hold the pull", async () => {
  const clock = new FakeClock();
  const asked: number[] = [];
  const start = clock.now();
  const channel = {
    call({ name }: { name: string }) {
      if (name === "PullTaskIns") asked.push(clock.now() - start);
      const response = name === "CreateNode"
        ? { node: { nodeId: 7n, anonymous: false } }
        : { taskInsList: [] };
      return Promise.resolve({ response, header: () => undefined });
    },
  } as unknown as Channel;
  const connection = new FleetConnection19(channel, undefined, "", {
    clock,
    random: seededRandom(19),
  });
  await connection.join(30);
  let over = false;
  const pulled = connection.pull().finally(() => over = true);
  while (!over) await clock.advance(0.1);
  assert.equal(await pulled, undefined);
  assert.ok(asked.length > 15 && asked.length < 60, `${asked.length} calls`);
  assert.ok(asked.at(-1)! <= 21, `the last call after ${asked.at(-1)} s`);
});
