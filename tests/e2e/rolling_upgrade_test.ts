/** SuperNodes and the command line of an earlier release, while two SuperLinks of this version restart in turn. */
import assert from "node:assert/strict";
import { join } from "node:path";
import RELEASES from "../../bench/history/releases.json" with { type: "json" };
import { SourceTree } from "../../bench/compare/source_tree.ts";
import { lastingAddresses, startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { asOwner, hasPostgres, postgresServer } from "../support/postgres.ts";
import { runResult } from "../support/result.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario, type Stage } from "../support/stage.ts";

/** The release before this version. */
const EARLIER = RELEASES[0]!;

/** Whether this copy of the repository has the release's sources. A shallow clone has not. */
function hasEarlier(): boolean {
  const args = ["cat-file", "-e", `${EARLIER.commit}^{commit}`];
  try {
    return new Deno.Command("git", { args, cwd: repositoryPath(""), stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

const ignore = !NIGHTLY || !hasPostgres() || !hasEarlier();
if (NIGHTLY && !hasEarlier()) {
  console.log(`The sources of ${EARLIER.version} are not here (git fetch --unshallow): no test`);
}

/** Starts a program of a checked-out version, with the tests' apps of that version. */
function starter(stage: Stage, root: string) {
  return (name: string, args: readonly string[]) =>
    stage.start({
      name,
      command: Deno.execPath(),
      args: ["run", "-A", join(root, "main.ts"), ...args],
      cwd: root,
    });
}

scenario(
  `SuperNodes of ${EARLIER.version} work on while two SuperLinks restart in turn`,
  async (stage) => {
    await using tree = await SourceTree.checkOut({ ...EARLIER, name: EARLIER.version });
    const start = starter(stage, tree.path);
    const target = await postgresServer();
    const database = `rolling_${crypto.randomUUID().replaceAll("-", "")}`;
    await asOwner(target, `CREATE DATABASE ${database}`);
    const flags = ["--database", `postgres://flwr@127.0.0.1:${target.port}/${database}`];
    const addresses = [lastingAddresses(), lastingAddresses()] as const;
    const superlinks = await Promise.all(
      addresses.map((addresses) => startSuperLink({ stage, flags, addresses })),
    );

    const apps = join(tree.path, "tests/interop/apps/typescript");
    const files = [2, 3].map((round) => stage.path(`round-${round}`));
    const nodes = addresses.map(({ fleet }, index) =>
      start(`supernode ${index}`, [
        ...["supernode", "client:app", "--dir", apps, "--server", fleet, "--insecure"],
        "--node-config",
        `partition-id=${index} num-partitions=2 wait-round=${index + 2} wait-file="${
          files[index]
        }"`,
      ])
    );
    for (const node of nodes) await node.waitForLine(/SuperNode \d+ joined/);
    const result = stage.path("result.json");
    const run = start("run", [
      ...["run", "server:app", "--dir", apps, "--server", addresses[0].driver, "--insecure"],
      ...["--run-config", `num-rounds=4 initial="given" result="${result}"`],
    ]);
    for (const [index, node] of nodes.entries()) {
      await node.waitForLine(new RegExp(`Waiting in round ${index + 2}`));
      // The SuperLink of the node that works.
      superlinks[index]!.process.signal("SIGTERM");
      assert.equal((await superlinks[index]!.process.ended(60)).code, 0);
      const again = await startSuperLink({ stage, flags, addresses: addresses[index]! });
      superlinks[index] = again;
      await Deno.writeTextFile(files[index]!, "");
      const listed = start("ls", ["ls", again.http, "--insecure", "--format", "json"]);
      assert.equal((await listed.ended(60)).code, 0);
      assert.match(listed.lines.join("\n"), /"status": *"running"/);
    }
    const { rounds } = await runResult(run, result);
    assert.deepEqual(rounds.map(({ results }) => results), [2, 2, 2, 2]);
  },
  { ignore },
);
