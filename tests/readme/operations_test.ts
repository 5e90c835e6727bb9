/** The files that docs/operations.md gives to administrators. */
import assert from "node:assert/strict";
import { findCommand, loadCommand } from "../../roles/commands.ts";
import { applyConfigFile } from "../../roles/flags/config_file.ts";
import { repositoryPath } from "../support/repository.ts";
import { TempDir } from "../support/tempdir.ts";

const FOLDER = "docs/operations";
const ROLES = ["superlink", "supernode"];

for (const role of ROLES) {
  Deno.test(`operations: ${role}.toml has only flags of the command, with values that it accepts`, async () => {
    const command = await loadCommand(findCommand(role)!);
    await applyConfigFile(command, repositoryPath(`${FOLDER}/${role}.toml`));
    const given = command.options.filter((option) =>
      command.getOptionValueSource(option.attributeName()) === "config"
    );
    assert.ok(given.length > 5);
  });
}

for (const role of ["superlink", "supernode", "superexec"]) {
  Deno.test(`operations: a list of folders in the file of ${role} is one in its flags`, async () => {
    await using folder = await TempDir.make();
    const file = `${folder.path}/${role}.toml`;
    await Deno.writeTextFile(file, `allow-read = ["/srv/a", "/srv/b"]`);
    const command = await loadCommand(findCommand(role)!);
    await applyConfigFile(command, file);
    assert.deepEqual(command.getOptionValue("allowRead"), ["/srv/a", "/srv/b"]);
  });
}

Deno.test({
  name: "operations: systemd finds no fault in the units",
  ignore: !await isThere("systemd-analyze"),
  async fn() {
    await using folder = await TempDir.make();
    const units = await Promise.all(ROLES.map(async (role) => {
      const unit = `flwr-${role}.service`;
      const text = await Deno.readTextFile(repositoryPath(`${FOLDER}/${unit}`));
      assert.match(text, new RegExp(`^ExecStart=/usr/local/bin/flwr ${role} --config `, "m"));
      // An executable that exists on this machine.
      const path = `${folder.path}/${unit}`;
      await Deno.writeTextFile(path, text.replaceAll("/usr/local/bin/flwr", Deno.execPath()));
      return path;
    }));
    const { stderr } = await new Deno.Command("systemd-analyze", {
      args: ["verify", "--man=no", "--recursive-errors=no", ...units],
    }).output();
    const said = new TextDecoder().decode(stderr).split("\n").filter((line) =>
      line.includes("flwr-")
    );
    assert.deepEqual(said, []);
  },
});

async function isThere(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}
