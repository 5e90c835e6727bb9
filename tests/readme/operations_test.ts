/** The files that docs/operations.md gives to administrators. */
import assert from "node:assert/strict";
import { findCommand, loadCommand } from "../../roles/commands.ts";
import { applyConfigFile } from "../../roles/flags/config_file.ts";
import { testCertificates } from "../../rpc/testing/certificates.ts";
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

Deno.test("operations: the settings for containers and for three machines are flags of the SuperLink", async () => {
  await using folder = await TempDir.make();
  const page = await Deno.readTextFile(repositoryPath(`${FOLDER}/three-machines.md`));
  const [, block] = /```toml\n([^]*?)```/.exec(page)!;
  const file = `${folder.path}/superlink.toml`;
  await Deno.writeTextFile(file, block!);
  for (const path of [file, repositoryPath(`${FOLDER}/superlink-compose.toml`)]) {
    const command = await loadCommand(findCommand("superlink")!);
    await applyConfigFile(command, path);
    assert.equal(command.getOptionValue("enableSupernodeAuth"), true);
    assert.match(command.getOptionValue("database"), /^postgres:/);
  }
});

Deno.test({
  name: "operations: HAProxy finds no fault in its configuration",
  ignore: !await isThere("haproxy", "-v"),
  async fn() {
    const { ca } = await testCertificates();
    await using folder = await TempDir.make();
    const CA = `${folder.path}/ca.crt`;
    await Deno.writeTextFile(CA, ca);
    const { success, stdout, stderr } = await new Deno.Command("haproxy", {
      args: ["-c", "-f", repositoryPath(`${FOLDER}/haproxy.cfg`)],
      env: { LISTEN: "127.0.0.2", SUPERLINK_A: "127.0.0.3", SUPERLINK_B: "127.0.0.4", CA },
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.ok(success, said);
    assert.doesNotMatch(said, /WARNING/);
  },
});

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

async function isThere(command: string, flag = "--version"): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: [flag] }).output()).success;
  } catch {
    return false;
  }
}
