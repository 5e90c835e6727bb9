import { KEY_FILE } from "../../../auth/key_pair.ts";
import { Command } from "commander";
import { parsePublicKey } from "../../../auth/parse_public_key.ts";
import { describeFile, readText } from "../../../auth/read_text.ts";
import { callSuperLink } from "../config/call_superlink.ts";
import { controlCommand, type ControlOutputFlags } from "../config/options.ts";
import { readNameFlag } from "../../flags/values.ts";
import type { Output } from "../../output/format.ts";

const EXAMPLE = `
Examples:
  flwr supernode register keys/client_credentials_1.pub
  flwr supernode register node.pub my-superlink --name berlin --location "52.52,13.40"
`;

interface RegisterFlags extends ControlOutputFlags {
  readonly name?: string;
  readonly location?: string;
}

/** The `supernode register` command. */
export function registerCommand(): Command {
  const command = new Command("register")
    .description(
      "Register a SuperNode's public key with a SuperLink that runs with --enable-supernode-auth.",
    )
    .argument("<public-key>", "file with the public key, as one OpenSSH line or PEM")
    .option("--name <name>", "name of the node (default: none)")
    .option("--location <lat,lon>", "position of the node, in degrees (default: none)");
  return controlCommand(command, EXAMPLE, register);
}

async function register(
  file: string,
  superlink: string | undefined,
  flags: RegisterFlags,
): Promise<Output> {
  const name = readNameFlag(flags.name);
  const text = await readText({ file }, { ...KEY_FILE, what: "Public key" });
  const { pem: publicKeyPem } = await parsePublicKey(text, `in ${describeFile({ file })}`);
  const { location } = flags;
  const nodeId = await callSuperLink(
    superlink,
    flags,
    (control) => control.registerNode({ publicKeyPem, name, location }),
  );
  return {
    json: { "node-id": String(nodeId) },
    lines: [`SuperNode ${nodeId} is registered`],
  };
}
