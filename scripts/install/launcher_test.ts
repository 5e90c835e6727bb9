import assert from "node:assert/strict";
import { launcherFile, LAUNCHERS, type LauncherTarget } from "./launcher.ts";

const target: LauncherTarget = { deno: "/opt/it's deno", project: "/home/a b", os: "linux" };

Deno.test("the names of Flower's own commands stand for ours", () => {
  assert.deepEqual(
    Object.fromEntries(LAUNCHERS.map(({ name, words }) => [name, words.join(" ")])),
    {
      "flwr": "",
      "flower-superlink": "superlink",
      "flower-supernode": "supernode",
      "flower-client-app": "supernode",
      "flower-server-app": "run",
    },
  );
});

Deno.test("a launcher falls back to the recommended Deno when its own has gone", () => {
  const { file, text } = launcherFile({ name: "x", words: ["run"] }, target);
  assert.equal(file, "x");
  const lines = text.split("\n");
  assert.match(lines[3]!, /^if \[ -x '\/opt\/it'\\''s deno' \]; then exec /);
  assert.match(lines[4]!, /^exec npx -y deno@2\.9\.3 'run' .*'\/home\/a b\/main\.ts' 'run' "\$@"$/);
});

Deno.test({
  name: "a launcher lets Deno look after the packages only when the lock file has changed since",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const project = await Deno.makeTempDir({ prefix: "flwr launcher's " });
    try {
      const { text } = launcherFile({ name: "x", words: ["ls"] }, {
        ...target,
        deno: "/bin/echo",
        project,
      });
      const launcher = `${project}/x`;
      await Deno.writeTextFile(launcher, text, { mode: 0o755 });
      const setUp = `${project}/node_modules/.deno/.setup-cache.bin`;
      const lock = `${project}/deno.lock`;
      const packages = async () => {
        const { stdout } = await new Deno.Command(launcher).output();
        return /^run --node-modules-dir=(\w+) /.exec(new TextDecoder().decode(stdout))?.[1];
      };
      await Deno.writeTextFile(lock, "");
      assert.equal(await packages(), "auto");
      await Deno.mkdir(`${project}/node_modules/.deno`, { recursive: true });
      await Deno.writeTextFile(setUp, "");
      await Deno.utime(setUp, 2000, 2000);
      await Deno.utime(lock, 1000, 1000);
      assert.equal(await packages(), "manual");
      await Deno.utime(lock, 3000, 3000);
      assert.equal(await packages(), "auto");
    } finally {
      await Deno.remove(project, { recursive: true });
    }
  },
});

Deno.test("on Windows it is a batch file, in which a percent sign is doubled", () => {
  const { file, text } = launcherFile({ name: "x", words: ["run"] }, {
    ...target,
    deno: "C:\\100% deno.exe",
    os: "windows",
  });
  assert.equal(file, "x.cmd");
  assert.match(text, /if exist "C:\\100%% deno\.exe" \("C:\\100%% deno\.exe" "run" .* %\*\) else/);
});
