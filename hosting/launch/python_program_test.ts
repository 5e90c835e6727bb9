import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import type { CheckedFab } from "../../fab/fab.ts";
import { systemClock } from "../../base/clock.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { LinkRuns } from "../../roles/superlink/launch/link_runs.ts";
import type { RunApp, RunEnd } from "./program.ts";
import { pythonProgram, type PythonProgramOptions } from "./python_program.ts";
import { FakeLink } from "./testing/fake_link.ts";
import { testWithAllRights } from "../../base/testing/all_rights.ts";

/** Not read: the process fetches the bundle from the Runtime API. */
const APP: RunApp = { fab: {} as CheckedFab, overrideConfig: {} };

interface Played {
  readonly link: FakeLink;
  readonly end: RunEnd | undefined;
  /** The text that the stand-in for `flwr-serverapp` wrote to its file. */
  readonly seen: string;
}

/** Runs a run with a shell script in place of Flower's program. `$SEEN` is a file that it may write to. */
async function play(
  script: string,
  options: Partial<PythonProgramOptions> = {},
  during: (link: FakeLink, seenFile: string) => Promise<void> = () => Promise.resolve(),
  app: RunApp = APP,
): Promise<Played> {
  const folder = await Deno.makeTempDir();
  try {
    const seenFile = `${folder}/seen`;
    await Deno.writeTextFile(`${folder}/python`, "");
    await Deno.writeTextFile(
      `${folder}/flwr-serverapp`,
      `#!/bin/sh\nSEEN=${seenFile}\n${script}\n`,
      { mode: 0o755 },
    );
    // A Flower without Ray: its Python exits with the probe's status for that.
    await Deno.writeTextFile(`${folder}/python3`, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/flwr-simulation`, `#!${folder}/python3\n`, { mode: 0o755 });
    const link = new FakeLink();
    link.submit(7n);
    const { signal } = new AbortController();
    const runtime = { desc: Runtime, methods: [] };
    const run =
      (await new LinkRuns({ link, runtime, clock: systemClock, isLasting: false }).claim(signal))!;
    const program = pythonProgram({
      role: "SuperLink",
      python: `${folder}/python`,
      runtimeAddress: "127.0.0.1:8000",
      installDependencies: false,
      ...options,
    });
    const ending = program(run, app, signal);
    await during(link, seenFile);
    const end = await ending;
    return { link, end, seen: await Deno.readTextFile(seenFile).catch(() => "") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const WRITE_ALL = `
while [ $# -gt 0 ]; do
  if [ "$1" = --token-file ]; then cat "$2" >> $SEEN; echo >> $SEEN; ls -l "$2" | cut -c1-10 >> $SEEN; fi
  echo "$1" >> $SEEN; shift
done
echo "telemetry $FLWR_TELEMETRY_ENABLED" >> $SEEN`;

testWithAllRights(
  "a Flower version that is too old is reported as such, not as a failure of the app",
  async () => {
    const older = `
echo 'usage: flwr-serverapp [-h] [--serverappio-api-address ADDRESS]' >&2
echo 'flwr-serverapp: error: unrecognized arguments: --runtime-api-address 127.0.0.1:1' >&2
exit 2`;
    await assert.rejects(play(older), (error) => {
      assert.ok(error instanceof FlwrError);
      assert.equal(error.code, "failed-precondition");
      assert.match(error.message, /^flwr-serverapp is too old: .* 1\.36 or later$/);
      assert.match(error.hints[0]!, /\/python -m pip install --upgrade flwr$/);
      return true;
    });
    const { end } = await play("echo 'usage: my-app FILE' >&2; exit 2");
    assert.deepEqual(end, {
      outcome: "failed",
      details: "flwr-serverapp ended with status 2 before its run did: usage: my-app FILE",
    });
  },
);

testWithAllRights(
  "the process gets all its options, with the token in a file",
  async () => {
    const { seen } = await play(WRITE_ALL);
    assert.match(seen, /--runtime-api-address\n127\.0\.0\.1:8000\n/);
    assert.match(seen, /token of 7\n-rw-------\n--token-file\n/);
    assert.match(seen, new RegExp(`--insecure\n--parent-pid\n${Deno.pid}\n`));
    assert.match(seen, /telemetry 0/);
    assert.doesNotMatch(seen, /--allow-runtime/);
    const other = await play(WRITE_ALL, { authorityFile: "/ca.crt", installDependencies: true });
    assert.match(other.seen, /--root-certificates\n\/ca\.crt\n/);
    assert.match(other.seen, /--allow-runtime-dependency-installation/);
  },
);

testWithAllRights(
  "a process that ends before its run fails the run with its last output",
  async () => {
    const { link, end } = await play("echo 'No module named flwr' >&2; exit 3");
    assert.deepEqual(end, {
      outcome: "failed",
      details: "flwr-serverapp ended with status 3 before its run did: No module named flwr",
    });
    assert.equal(
      link.log(7n),
      `The last output of flwr-serverapp:\n${" ".repeat(25)}No module named flwr\n`,
    );
  },
);

testWithAllRights("a process whose run has ended leaves its end as it is", async () => {
  const untilSeen = "while [ ! -s $SEEN ]; do sleep 0.01; done";
  const { end } = await play(untilSeen, {}, async (link, seenFile) => {
    await link.runs.begin("token of 7");
    await link.runs.finish("token of 7", { outcome: "completed", details: "" });
    await Deno.writeTextFile(seenFile, "go");
  });
  assert.equal(end, undefined);
});

Deno.test("without HTTP a Python app is refused with an error that says so", async () => {
  const error = await play("", { runtimeAddress: undefined }).catch((error) => error);
  assert.ok(error instanceof FlwrError && /HTTP port/.test(error.message));
});

testWithAllRights(
  "a simulation of a Python app with faults, a table of nodes or workers elsewhere is refused",
  async () => {
    const faults = { dropout: 0, slow: 0, slowSeconds: 10, lie: 0 };
    const plain = { nodes: 2, cpusPerNode: 1, faults };
    const refused = [
      { ...plain, faults: { ...faults, dropout: 0.1 } },
      { ...plain, faults: { ...faults, slow: 0.1 } },
      { ...plain, faults: { ...faults, lie: 0.1 } },
      { ...plain, nodeTable: new Uint8Array(1) },
      { ...plain, elsewhere: true },
    ];
    for (const simulation of refused) {
      const playing = play("echo ran > $SEEN", {}, undefined, { ...APP, simulation });
      await assert.rejects(playing, { code: "unimplemented" });
    }
    // Without faults the run goes on to look for Ray.
    const looking = play("", {}, undefined, { ...APP, simulation: plain });
    await assert.rejects(looking, { code: "failed-precondition", message: /needs Ray/ });
  },
);
