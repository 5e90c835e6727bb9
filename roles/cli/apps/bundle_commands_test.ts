/** `flwr new`, `flwr build` and `flwr install` as command lines. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testWithAllRights } from "../../../base/testing/all_rights.ts";
import { inTemporaryFolder } from "../../../base/testing/temporary_folder.ts";

const MAIN = fileURLToPath(new URL("../../../main.ts", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in a folder that is also Flower's home. */
async function flwr(cwd: string, ...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, ...args],
    cwd,
    env: { FLWR_HOME: join(cwd, "home"), NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

testWithAllRights(
  "flwr new, build and install: an app is created from a template, built and installed",
  () =>
    inTemporaryFolder(async (folder) => {
      const made = await flwr(folder, "new", "my-app", "--publisher", "tester");
      assert.deepEqual([made.code, made.stdout], [0, "my-app"]);
      assert.match(made.stderr, /flwr run my-app/);

      const built = await flwr(folder, "build", "--app", "my-app");
      assert.match(built.stdout, /^tester\.my-app\.1-0-0\.[0-9a-f]{8}\.fab$/);
      assert.match(built.stderr, /^Built tester\/my-app 1\.0\.0: \d+ bytes$/);

      const installed = await flwr(folder, "install", built.stdout);
      const apps = join(folder, "home", "apps");
      assert.match(
        installed.stdout.slice(apps.length + 1),
        /^tester\.my-app\.1\.0\.0\.[0-9a-f]{8}$/,
      );
      assert.ok((await Deno.stat(join(installed.stdout, "client.ts"))).isFile);
      const again = await flwr(folder, "install", built.stdout);
      assert.deepEqual([again.code, again.stdout, again.stderr], [
        0,
        installed.stdout,
        "tester/my-app 1.0.0 is already installed",
      ]);
    }),
);

testWithAllRights(
  "flwr new, build and install: --format json prints one object, with ids and hashes as strings",
  () =>
    inTemporaryFolder(async (folder) => {
      const json = async (...args: string[]) => {
        const { code, stdout } = await flwr(folder, ...args, "--format", "json");
        return { code, ...JSON.parse(stdout) };
      };
      const made = await json("new", "my-app", "--template", "cnn", "--publisher", "tester");
      assert.deepEqual([made.code, made.success, made.folder, made.template], [
        0,
        true,
        "my-app",
        "cnn",
      ]);
      const built = await json("build", "--app", "my-app");
      const hash: string = built["fab-hash"];
      assert.match(hash, /^[0-9a-f]{64}$/);
      assert.deepEqual(built, {
        code: 0,
        success: true,
        "fab-id": "tester/my-app",
        "fab-name": "my-app",
        "fab-version": "1.0.0",
        "fab-hash": hash,
        "fab-filename": `tester.my-app.1-0-0.${hash.slice(0, 8)}.fab`,
        "fab-size": (await Deno.stat(join(folder, built["fab-filename"]))).size,
      });
      const installed = await json("install", built["fab-filename"], "--flwr-dir", "elsewhere");
      assert.equal(installed.folder, `elsewhere/apps/tester.my-app.1.0.0.${hash.slice(0, 8)}`);
      assert.deepEqual(await json("new", "my-app"), {
        code: 1,
        success: false,
        "error-message": '"my-app" already exists',
      });
    }),
);

testWithAllRights(
  "flwr new, build and install: errors are one sentence",
  () =>
    inTemporaryFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "evil.fab"), "PK");
      await flwr(folder, "new", "my-app");
      const { stdout: file } = await flwr(folder, "build", "--app", "my-app");
      await Deno.rename(
        join(folder, file),
        join(folder, file.replace(/\w{8}\.fab$/, "00000000.fab")),
      );
      const refusals: [args: string[], says: RegExp][] = [
        [["new"], /^Error: The app needs a name\n/],
        [
          ["new", "@flwrlabs/quickstart"],
          /^Error: "@flwrlabs\/quickstart" is an app of Flower's hub/,
        ],
        [["new", "x", "--framework", "PyTorch"], /^Error: --framework "PyTorch" is not supported/],
        [["build", "--app", "gone"], /^Error: Folder ".*gone" cannot be read/],
        [["build"], /^Error: ".*" is not an app folder/],
        [["install", "gone.fab"], /^Error: Cannot read bundle "gone\.fab"/],
        [
          ["install", "evil.fab"],
          /^Error: "evil\.fab": App bundle is invalid: it is not a zip archive.*\n {2}Hint: Get the bundle again/,
        ],
        [["install", file.replace(/\w{8}\.fab$/, "00000000.fab")], /does not match its name/],
      ];
      for (const [args, says] of refusals) {
        const { code, stdout, stderr } = await flwr(folder, ...args);
        assert.deepEqual([code, stdout], [1, ""], args.join(" "));
        assert.match(stderr, says);
      }
      await assert.rejects(Deno.stat(join(folder, "home")), Deno.errors.NotFound);
    }),
);
