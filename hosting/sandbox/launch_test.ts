import assert from "node:assert/strict";
import { sandboxLaunch } from "./launch.ts";

const environment: Readonly<Record<string, string>> = {
  HOME: "/home/me",
  AWS_SECRET_ACCESS_KEY: "secret",
  PATH: "/bin",
  FLWR_CACHE: "/cache",
};

Deno.test("an app's process gets only the environment variables that it needs", () => {
  const { env } = sandboxLaunch([], (name) => environment[name]);
  const { TMPDIR: _, ...others } = env;
  assert.deepEqual(others, {
    HOME: "/home/me",
    FLWR_CACHE: "/cache",
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
    ORT_DISABLE_TELEMETRY: "1",
  });
});

Deno.test("the command line grants reading and native code, without prompts or downloads", () => {
  const { file, args } = sandboxLaunch(["/data/a,b"], () => undefined);
  assert.equal(file, Deno.execPath());
  const flags = args.filter((arg) => arg.startsWith("--")).map((arg) => arg.split("=")[0]);
  assert.deepEqual(flags.filter((flag) => flag!.startsWith("--allow")), [
    "--allow-read",
    "--allow-ffi",
  ]);
  for (const flag of ["--no-prompt", "--no-remote", "--cached-only", "--frozen"]) {
    assert.ok(args.includes(flag));
  }
  assert.match(args.find((arg) => arg.startsWith("--allow-read"))!, /^--allow-read=\/data\/a,,b,/);
});
