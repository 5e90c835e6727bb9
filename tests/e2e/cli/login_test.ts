import assert from "node:assert/strict";
import { startFlwr, startSuperLink } from "../../support/flwr.ts";
import { scenario } from "../../support/stage.ts";

scenario(
  "cli: a SuperLink without accounts says so at its start if others may use it, and at a login",
  async (stage) => {
    const { http, process } = await startSuperLink({
      stage,
      flags: ["--control-api-allow-remote", "--isolation", "process"],
    });
    assert.ok(process.records.some(({ event }) => event === "control-without-accounts"));
    const login = startFlwr(stage, "login", ["login", http, "--insecure"]);
    assert.equal((await login.exit).code, 1);
    assert.match(login.lines.join("\n"), /has no accounts/);
    assert.match(login.lines.join("\n"), /needs no login/);
  },
);
