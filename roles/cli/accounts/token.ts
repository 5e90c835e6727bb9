import { Command, InvalidArgumentError, Option } from "commander";
import { readNameFlag } from "../../flags/values.ts";
import { callSuperLink } from "../config/call_superlink.ts";
import { controlCommand, type ControlOutputFlags } from "../config/options.ts";
import {
  AccountsClient,
  type ApiTokenSummary,
} from "../../../rpc/dialects/current/client/accounts_client.ts";
import type { Output } from "../../output/format.ts";
import { stdoutScreen } from "../../output/screen.ts";
import { tableLines } from "../../output/table.ts";
import { timeText } from "../../output/units.ts";

const DAY = 86_400;

/** Default life of a token, in seconds. */
const DEFAULT_SECONDS = 90 * DAY;

const UNITS: Readonly<Record<string, number>> = { h: 3600, d: DAY };

/** The `token` command. */
export function command(): Command {
  return new Command("token")
    .description("Create, list and revoke API tokens, with which machines use a SuperLink.")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
    .addHelpText("after", "\nExample:\n  flwr token create --name ci --expires 90d > token\n");
}

interface CreateFlags extends ControlOutputFlags {
  readonly name: string;
  readonly expires: number;
  readonly role: readonly string[];
}

function createCommand(): Command {
  const command = new Command("create")
    .description("Create an API token and print it. It is shown only here.")
    .option("--name <name>", "name of the token, for people", "token")
    .addOption(
      new Option(
        "--expires <time>",
        "how long it is valid, in hours or days: 12h, 90d, at most 366d",
      )
        .default(DEFAULT_SECONDS, "90d").argParser(readLife),
    )
    .addOption(
      new Option(
        "--role <role>",
        "give the token this role, which must be one of yours; repeatable",
      )
        .default([], "all of them")
        .argParser((role: string, before: readonly string[]) => [...before, role]),
    );
  return controlCommand(
    command,
    "\nExample:\n  flwr token create --name ci --expires 90d --role researcher > token\n",
    async (superlink: string | undefined, flags: CreateFlags): Promise<Output> => {
      const options = {
        name: readNameFlag(flags.name)!,
        seconds: flags.expires,
        roles: flags.role,
      };
      const { token, secret } = await callSuperLink(
        superlink,
        flags,
        ({ channel }) => new AccountsClient(channel).createApiToken(options),
      );
      return { json: { ...tokenJson(token), token: secret }, lines: [secret] };
    },
  );
}

interface ListFlags extends ControlOutputFlags {
  readonly all: boolean;
}

function listCommand(): Command {
  const command = new Command("list").alias("ls").description("List your API tokens.")
    .option("--all", "list those of all accounts, for an admin", false);
  return controlCommand(
    command,
    "\nExample:\n  flwr token list\n",
    async (superlink: string | undefined, flags: ListFlags): Promise<Output> => {
      const tokens = await callSuperLink(
        superlink,
        flags,
        ({ channel }) => new AccountsClient(channel).listApiTokens(flags.all),
      );
      const columns = [
        { title: "TOKEN ID", cell: ({ tokenId }: ApiTokenSummary) => tokenId },
        { title: "NAME", cell: ({ name }: ApiTokenSummary) => name },
        { title: "ACCOUNT", cell: ({ accountName }: ApiTokenSummary) => accountName, dropOrder: 1 },
        { title: "ROLES", cell: ({ roles }: ApiTokenSummary) => roles.join(", "), dropOrder: 2 },
        { title: "EXPIRES", cell: ({ expiresAt }: ApiTokenSummary) => timeText(expiresAt) },
      ];
      return {
        json: { tokens: tokens.map(tokenJson) },
        lines: tableLines(columns, tokens, stdoutScreen()),
      };
    },
  );
}

function revokeCommand(): Command {
  const command = new Command("revoke")
    .description("Revoke an API token. An admin can revoke those of all accounts.")
    .argument("<token-id>", "the token's id, as flwr token list shows it");
  return controlCommand(
    command,
    "\nExample:\n  flwr token revoke 3f9c2b7d81a04e65\n",
    async (
      tokenId: string,
      superlink: string | undefined,
      flags: ControlOutputFlags,
    ): Promise<Output> => {
      await callSuperLink(
        superlink,
        flags,
        ({ channel }) => new AccountsClient(channel).revokeApiToken(tokenId),
      );
      return { json: { "token-id": tokenId }, lines: [`Revoked API token ${tokenId}`] };
    },
  );
}

function tokenJson(token: ApiTokenSummary): Record<string, unknown> {
  return {
    "token-id": token.tokenId,
    name: token.name,
    account: token.accountName,
    roles: token.roles,
    "created-at": timeText(token.createdAt),
    "expires-at": timeText(token.expiresAt),
  };
}

/** Reads the life of a token. @returns seconds */
function readLife(text: string): number {
  const [, count, unit] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit!] ?? NaN);
  if (seconds >= 1 && seconds <= 366 * DAY) return seconds;
  throw new InvalidArgumentError(
    'It must be a number of hours or days, such as "12h" or "90d", at most 366d.',
  );
}
