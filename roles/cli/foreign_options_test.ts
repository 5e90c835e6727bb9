import assert from "node:assert/strict";
import { Command } from "commander";
import { FlwrError } from "../../base/error.ts";
import { addForeignOptions, type ForeignOption } from "../flags/foreign_options.ts";
import { RUN_FOREIGN } from "./run/command.ts";
import { SUPERLINK_FOREIGN } from "../superlink/flags.ts";
import { SUPERNODE_FOREIGN } from "../supernode/foreign_flags.ts";

async function parse(options: readonly ForeignOption[], ...args: string[]): Promise<void> {
  const command = addForeignOptions(new Command("test").exitOverride().action(() => {}), options);
  await command.parseAsync(args, { from: "user" });
}

Deno.test("a flag of Flower's that is our default is accepted", async () => {
  await parse(SUPERLINK_FOREIGN, "--fleet-api-type", "grpc-rere", "--fleet-api-num-workers=4");
  await parse(SUPERLINK_FOREIGN, "--disable-runtime-dependency-installation");
  await parse(SUPERNODE_FOREIGN, "--grpc-rere", "--transport", "grpc-rere");
  await parse(RUN_FOREIGN);
});

Deno.test("an unsupported flag is refused with its value and a hint", async () => {
  const refused = async (pattern: RegExp, options: readonly ForeignOption[], ...args: string[]) => {
    await assert.rejects(parse(options, ...args), (error) => {
      assert.ok(error instanceof FlwrError);
      assert.equal(error.code, "unimplemented");
      assert.match(error.message, pattern);
      assert.equal(error.hints.length, 1);
      return true;
    });
  };
  await refused(/^--fleet-api-type "rest" .*REST/, SUPERLINK_FOREIGN, "--fleet-api-type", "rest");
  await refused(/"grpc-adapter" .*adapter/, SUPERLINK_FOREIGN, "--fleet-api-type=grpc-adapter");
  await refused(/--host and --port/, SUPERLINK_FOREIGN, "--serverappio-api-address", "a:1");
  await refused(/one certificate/, SUPERLINK_FOREIGN, "--appio-ssl-certfile", "a.pem");
  await refused(/^--rest is not supported: .*REST/, SUPERNODE_FOREIGN, "--rest");
  await refused(/^--transport "rest" .*REST/, SUPERNODE_FOREIGN, "--transport", "rest");
  await refused(/^--flwr-dir "~\/x" .*home/, SUPERNODE_FOREIGN, "--flwr-dir", "~/x");
  await refused(/--host and --port/, SUPERNODE_FOREIGN, "--clientappio-api-address", "a:1");
  await refused(/^--fab-id "a\/b" .*\(FAB\)/, RUN_FOREIGN, "--fab-id", "a/b");
  await refused(/^--fab-version "1" .*\(FAB\)/, RUN_FOREIGN, "--fab-version", "1");
});

Deno.test("the flags are not in the help, because they are for existing command lines", () => {
  const command = addForeignOptions(new Command("test"), SUPERNODE_FOREIGN);
  assert.doesNotMatch(command.helpInformation(), /--rest|--flwr-dir/);
});
