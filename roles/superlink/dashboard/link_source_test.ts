/** The dashboard's data, from a domain in memory. */
import assert from "node:assert/strict";
import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { seededRandom } from "../../../base/random.ts";
import { inTemporaryFolder } from "../../../base/testing/temporary_folder.ts";
import type { LinkRun } from "../../../entities/run.ts";
import { buildFab } from "../../../fab/build/build.ts";
import { createLink } from "../../../link/create_link.ts";
import type { Link } from "../../../link/link.ts";
import { MemoryStore } from "../../../link/store/memory.ts";
import { BY_HAND } from "../../../link/testing/records.ts";
import { messageObject } from "../../../rpc/objects/message.ts";
import { makeApp } from "../../../tests/support/make_app.ts";
import type { Changes } from "../../dashboard/model/changes.ts";
import { LinkSource } from "./link_source.ts";

async function withSource(body: (link: Link, source: LinkSource) => Promise<void>): Promise<void> {
  const link = await createLink({
    store: new MemoryStore(),
    clock: systemClock,
    random: seededRandom(1),
    messageObject,
  });
  try {
    await body(link, new LinkSource({ link, clock: systemClock, isSimulated: false }));
  } finally {
    await link.close();
  }
}

/** Submits an app with two settings. */
async function submit(link: Link): Promise<LinkRun> {
  let run: LinkRun | undefined;
  await inTemporaryFolder(async (folder) => {
    const config = "rounds = 3\nrate = 0.5\n[tool.flwr.app.config.model]\nlayers = 2";
    const app = await makeApp(`${folder}/app`, { name: "app", config });
    const { content, hash } = await buildFab(app);
    run = await link.runs.create({
      fabId: "tests/app",
      fabVersion: "1.0.0",
      fab: { hash, content },
      overrideConfig: { rate: 2 },
    });
  });
  return run!;
}

Deno.test("dashboard source: runs have their rounds, and events say what happened", () =>
  withSource(async (link, source) => {
    const { run: { runId } } = await link.runs.start(BY_HAND);
    await link.journal.add(runId, [
      { kind: "strategy-started", data: { strategy: "FedAvg", rounds: 9 } },
      { kind: "round-started", data: { round: 4, rounds: 9 } },
      { kind: "app-event", data: { event: "note", data: "\u001b[1m<b>" } },
    ]);
    const { runs: [row] } = await source.runs({ skip: 0, limit: 10 });
    assert.deepEqual([row?.id, row?.round, row?.rounds], [String(runId), 4, 9]);
    const { strategy, rounds } = await source.rounds(runId, 0);
    assert.deepEqual([strategy, rounds[0]?.round], ["FedAvg", 4]);
    const { events } = await source.events(Infinity, runId);
    assert.deepEqual([events[0]?.kind, events[0]?.text], ["app-event", "note: <b>"]);
    await link.runs.stop(runId);
    assert.equal((await source.run(runId)).state, "finished:stopped");
    await assert.rejects(source.run(77n), { code: "not-found" });
    await assert.rejects(source.rounds(77n, 0), { code: "not-found" });
  }));

Deno.test("dashboard source: nodes with one name are told apart", () =>
  withSource(async (link, source) => {
    for (const name of ["twin", "twin", "other"]) {
      await link.nodes.create({ heartbeatInterval: 30, name });
    }
    const nodes = await source.nodes();
    assert.deepEqual(
      nodes.map(({ label, id }) => label.replace(id, "ID")).toSorted(),
      ["other", "twin (ID)", "twin (ID)"],
    );
    assert.ok(nodes.every(({ state, answered }) => state === "online" && answered === 0));
  }));

Deno.test("dashboard source: a finished run is started again with other settings", () =>
  withSource(async (link, source) => {
    const { runId } = await submit(link);
    assert.ok((await source.run(runId)).whyNotAgain);
    await source.keepApp(runId);
    await link.runs.stop(runId);
    const before = await source.run(runId);
    assert.deepEqual([before.whyNotAgain, before.settings], [undefined, [
      { name: "rate", type: "number", value: "2.0" },
    ]]);
    for (const settings of ["ratio = 1", "rate = [1]", "rate", "rate = 1\nrate = 2", "run.toml"]) {
      await assert.rejects(
        source.runAgain(runId, settings),
        (error) => error instanceof FlwrError && error.code === "invalid-argument",
        settings,
      );
    }
    const id = await source.runAgain(runId, "rate = 3.0\nrounds = 1\nmodel.layers = 4");
    const run = await link.runs.get(id);
    assert.deepEqual(run?.overrideConfig, { rate: 3, rounds: 1n, "model.layers": 4n });
    assert.equal(run?.fabHash, before.fabHash);
    assert.equal(run?.state, "pending");
    // Another start of the SuperLink does not have the app.
    const later = new LinkSource({ link, clock: systemClock, isSimulated: false });
    await assert.rejects(later.runAgain(runId, ""), { code: "failed-precondition" });
  }));

Deno.test("dashboard source: changes name the runs, and end with their reader", () =>
  withSource(async (link, source) => {
    const reader = new AbortController();
    const { promise, resolve } = Promise.withResolvers<Changes>();
    const following = source.follow((changes) => {
      if (changes.runs!.length > 0) resolve(changes);
    }, reader.signal);
    // Until the reader knows the end of the journal, changes before it are not told.
    const stop = setInterval(() => void link.runs.start(BY_HAND).catch(() => {}), 20);
    const { runs } = await promise;
    clearInterval(stop);
    assert.ok(await link.runs.get(BigInt(runs![0]!)));
    reader.abort();
    await following;
  }));
