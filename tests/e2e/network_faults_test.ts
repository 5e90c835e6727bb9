/**
 * Bad networks between SuperNodes and their SuperLink, made in a network namespace: after each has healed, the nodes are
 * heard again within two heartbeats, over either transport, and their processes go on. Nightly, on Linux as root.
 */
import assert from "node:assert/strict";
import { eventually } from "../support/deadline.ts";
import { APPS, joined, startFlwr } from "../support/flwr.ts";
import { NetworkNamespace } from "../support/network_namespace.ts";
import { NIGHTLY } from "../support/nightly.ts";
import type { Process } from "../support/process.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario, type Stage } from "../support/stage.ts";

/** Seconds of a fault: longer than a node's promise of 30 s. */
const FAULT_SECONDS = 45;
/** Seconds of two heartbeats. */
const TWO_HEARTBEATS = 60;

/** Faults, and whether they need the kernel's netem. */
const FAULTS: readonly {
  readonly what: string;
  readonly netem?: true;
  readonly spoil: (line: NetworkNamespace) => Promise<void>;
}[] = [
  {
    what: "a partition",
    spoil: async (line) => {
      await line.loseSent();
      await line.loseReceived();
    },
  },
  { what: "what the SuperLink sends is lost", spoil: (line) => line.loseSent() },
  { what: "what the nodes send is lost", spoil: (line) => line.loseReceived() },
  { what: "half of all packets lost", netem: true, spoil: (line) => line.spoil("loss", "50%") },
  {
    what: "300 ± 200 ms each way",
    netem: true,
    spoil: (line) => line.spoil("delay", "300ms", "200ms"),
  },
];

const missing = NIGHTLY ? await NetworkNamespace.missing() : undefined;
const netemMissing = NIGHTLY ? missing ?? await NetworkNamespace.netemMissing() : undefined;
if (missing !== undefined) console.log(`Network faults are not tested here: ${missing}`);
else if (netemMissing !== undefined) {
  console.log(`Loss and delay are not tested here: ${netemMissing}`);
}

for (const [number, { what, netem, spoil }] of FAULTS.entries()) {
  const reason = netem ? netemMissing : missing;
  scenario(`network: ${what}`, async (stage) => {
    await using line = await NetworkNamespace.make(number);
    const sides = await Promise.all([
      startSide(stage, line, ["--port", "8000", "--fleet-api-address", "none"], 8000),
      startSide(stage, line, ["--port", "none", "--fleet-api-address", `${line.here}:9092`], 9092),
    ]);

    await spoil(line);
    await new Promise((resolve) => setTimeout(resolve, FAULT_SECONDS * 1000));
    const before = sides.map(({ superLink }) => superLink.lines.length);
    await line.heal();

    const heard = () =>
      sides.every(({ superLink }, at) =>
        superLink.lines.slice(before[at]).some((text) => / \S*\/SendNodeHeartbeat from /.test(text))
      );
    await eventually(heard, TWO_HEARTBEATS, "both nodes to be heard again");
    for (const { node } of sides) assert.equal(node.status, undefined, node.tail());
  }, { seconds: 300, ignore: !NIGHTLY || reason !== undefined });
}

/** A SuperLink that serves one transport, and a node in the namespace that has joined it. */
async function startSide(
  stage: Stage,
  line: NetworkNamespace,
  listeners: readonly string[],
  port: number,
): Promise<{ superLink: Process; node: Process }> {
  const superLink = startFlwr(stage, `superlink at ${port}`, [
    ...["superlink", "--insecure", "--verbose", "--host", line.here, ...listeners],
    ...["--control-api-address", "none", "--driver-api-address", "none"],
  ]);
  await superLink.waitForLine(/SuperLink ready/);
  const node = stage.start({
    name: `supernode at ${port}`,
    ...line.within(Deno.execPath(), [
      ...["run", "-A", repositoryPath("main.ts"), "supernode", "client:app", "--insecure"],
      ...["--dir", APPS, "--server", `${line.here}:${port}`],
      ...["--node-config", "partition-id=0 num-partitions=2"],
    ]),
    cwd: repositoryPath(""),
  });
  await joined(node);
  return { superLink, node };
}
