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
  assert.match(lines[1]!, /^if \[ -x '\/opt\/it'\\''s deno' \]; then exec /);
  assert.match(lines[2]!, /^exec npx -y deno@2\.9\.3 'run' .*'\/home\/a b\/main\.ts' 'run' "\$@"$/);
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
