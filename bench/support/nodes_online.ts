import { FlwrError } from "../../base/error.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import { eventually } from "../../tests/support/deadline.ts";
import type { Process } from "../../tests/support/process.ts";
import { RawDriver } from "../../tests/support/raw_driver.ts";

/** How long SuperNodes may take to join, in seconds. */
const JOIN_SECONDS = 60;

/**
 * Waits until the SuperLink names at least `count` nodes to a ServerApp that asks: the one sign that both sides give of a
 * SuperNode that has joined. It is looked for every 25 ms.
 *
 * @param driver the address of the SuperLink's Driver API
 * @param superNode the last to join
 * @throws FlwrError "internal" when that ends instead, DeadlineError when it takes too long
 */
export async function nodesOnline(
  driver: string,
  credentials: Credentials,
  count: number,
  superNode: Process,
): Promise<void> {
  using client = await RawDriver.connect(driver, credentials);
  await eventually(
    async () => {
      if (superNode.status !== undefined) {
        throw new FlwrError("internal", `${superNode.name} ended before it had joined`);
      }
      return (await client.nodes()).length >= count;
    },
    JOIN_SECONDS,
    `${count} nodes to be online`,
  );
}
