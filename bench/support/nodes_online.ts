import type { Credentials } from "../../tests/support/credentials.ts";
import { eventually } from "../../tests/support/deadline.ts";
import { RawDriver } from "../../tests/support/raw_driver.ts";

/** How long SuperNodes may take to join, in seconds. */
const JOIN_SECONDS = 60;

/**
 * Waits until the SuperLink names at least `count` nodes to a ServerApp that asks: the one sign that both sides give of a
 * SuperNode that has joined. It is looked for every 25 ms.
 *
 * @param driver the address of the SuperLink's Driver API
 */
export async function nodesOnline(
  driver: string,
  credentials: Credentials,
  count: number,
): Promise<void> {
  using client = await RawDriver.connect(driver, credentials);
  await eventually(
    async () => (await client.nodes()).length >= count,
    JOIN_SECONDS,
    `${count} nodes to be online`,
  );
}
