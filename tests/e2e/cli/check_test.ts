/** What `flwr run` says of an app's types while the SuperLink takes its connection and does not answer. */
import assert from "node:assert/strict";
import { createApp } from "../../../roles/cli/apps/new/create_app.ts";
import { TEMPLATES } from "../../../roles/cli/apps/new/template.ts";
import { eventually } from "../../support/deadline.ts";
import { startFlwr } from "../../support/flwr.ts";
import { processesOf } from "../../support/processes_of.ts";
import { silentServer } from "../../support/silent_server.ts";
import { scenario } from "../../support/stage.ts";

scenario(
  "cli: Ctrl-C during the check ends a submission that waits for its SuperLink",
  async (stage) => {
    using server = silentServer();
    const home = stage.folder.path;
    const app = { name: "my-app", publisher: "me", template: TEMPLATES["minimal"]!, parent: home };
    const { folder } = await createApp(app);
    // Deno checks it, and not the native compiler, which takes too short a time to stop it.
    await Deno.writeTextFile(`${folder}/server.ts`, 'import "node:os";\n', { append: true });
    const command = ["run", folder, server.address, "--insecure"];
    const process = startFlwr(stage, "flwr run", command, { FLWR_HOME: home, NO_COLOR: "1" });
    const isChecking = async () =>
      [...(await processesOf(home)).values()].some((line) => /check --quiet/.test(line));
    await eventually(isChecking, 60, "the check");
    assert.equal((await process.end("SIGINT")).code, 1);
    assert.match(process.lines.join("\n"), /Error: You stopped/);
  },
  { ignore: Deno.build.os !== "linux" },
);
