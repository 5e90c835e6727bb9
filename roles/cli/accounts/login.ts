import { Command } from "commander";
import { readText } from "../../../auth/read_text.ts";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { printable } from "../../../base/printable.ts";
import { flwrHome } from "../../../fab/home.ts";
import {
  AccountsClient,
  type LoginInvitation,
} from "../../../rpc/dialects/current/client/accounts_client.ts";
import type { AccountTokens } from "../../../rpc/dialects/current/client/account_channel.ts";
import { chooseSuperLink } from "../config/choose_superlink.ts";
import { isLocalAddress, type SuperLinkConnection } from "../config/connection.ts";
import { API_TOKEN_PREFIX, CredentialsFile } from "../config/credentials.ts";
import { controlCommand, type ControlOutputFlags } from "../config/options.ts";
import { withControl } from "../config/with_control.ts";
import type { Output } from "../../output/format.ts";
import { printMessage } from "../../output/print_line.ts";

const EXAMPLE = `
Examples:
  flwr login my-superlink
  flwr login superlink.example.org:8000 --root-certificates ca.crt
  flwr login my-superlink --api-token-file token   (a machine, with a token of "flwr token create")
`;

/** Largest file with an API token, in bytes. */
const MAX_TOKEN_FILE_BYTES = 4096;

interface LoginFlags extends ControlOutputFlags {
  readonly apiTokenFile?: string;
}

/** The `login` command. */
export function command(): Command {
  const command = new Command("login")
    .description(
      "Log in to a SuperLink with accounts. The tokens are kept in credentials.yaml in Flower's home folder, which Python's flwr shares.",
    )
    .option(
      "--api-token-file <file>",
      "use the API token in this file instead of logging in (default: none)",
    );
  return controlCommand(command, EXAMPLE, login);
}

async function login(superlink: string | undefined, flags: LoginFlags): Promise<Output> {
  const connection = await chooseSuperLink(superlink, flags);
  requireTls(connection);
  const store = new CredentialsFile(flwrHome()).of(connection.address);
  if (flags.apiTokenFile !== undefined) {
    const accessToken = await readApiToken(flags.apiTokenFile);
    await store.write({ accessToken });
    return await describe(connection, "Stored the API token");
  }
  // Also reports a broken file before the user goes to the browser.
  await store.read();
  const tokens = await withControl(connection, async ({ channel }) => {
    const accounts = new AccountsClient(channel);
    const invitation = await accounts.beginLogin();
    if (invitation === undefined) return undefined;
    for (const line of invitationLines(invitation)) printMessage(line);
    return await waitForLogin(accounts, invitation, systemClock);
  });
  if (tokens === undefined) throw noAccounts(connection);
  await store.write(tokens);
  return await describe(connection, "Logged in");
}

/**
 * Waits until the user has confirmed the login.
 *
 * @throws FlwrError "deadline-exceeded" when the login has expired; what the SuperLink answers
 */
export async function waitForLogin(
  accounts: Pick<AccountsClient, "finishLogin">,
  { deviceCode, expiresIn, interval }: LoginInvitation,
  clock: Clock,
): Promise<AccountTokens> {
  const end = clock.now() + expiresIn;
  for (;;) {
    await clock.sleep(interval);
    const tokens = await accounts.finishLogin(deviceCode);
    if (tokens !== undefined) return tokens;
    if (clock.now() < end) continue;
    throw new FlwrError("deadline-exceeded", "The login was not confirmed in time", {
      hints: ["Run flwr login again"],
    });
  }
}

/** What the user has to do. The address comes from the server, so only a web address is shown. */
function invitationLines({ verificationUri }: LoginInvitation): string[] {
  const url = URL.canParse(verificationUri) ? new URL(verificationUri) : undefined;
  if (url === undefined || !["https:", "http:"].includes(url.protocol)) {
    throw new FlwrError("data-loss", "The SuperLink sent no address where you can log in");
  }
  return ["To log in, open this address in a browser and confirm:", printable(url.href)];
}

async function describe(connection: SuperLinkConnection, done: string): Promise<Output> {
  const { address } = connection;
  // Flower's own SuperLinks do not tell.
  const account = await withControl(
    connection,
    ({ channel }) => new AccountsClient(channel).whoAmI(),
  )
    .catch((error) => {
      const { code } = FlwrError.from(error);
      if (code === "unauthenticated") throw error;
      return undefined;
    });
  const as = account === undefined ? "" : ` as ${printable(account.name)}`;
  return {
    json: { address, ...(account && { account: account.name, roles: account.roles }) },
    lines: [`${done}: ${address}${as}`],
  };
}

function requireTls({ insecure, address, local }: SuperLinkConnection): void {
  if (!insecure || local !== undefined || isLocalAddress(address)) return;
  throw new FlwrError(
    "failed-precondition",
    "flwr login needs TLS: others could read your tokens",
    {
      hints: ['Leave out --insecure, or remove "insecure" from config.toml'],
    },
  );
}

async function readApiToken(file: string): Promise<string> {
  const text = await readText({ file, flag: "--api-token-file" }, {
    what: "API token",
    maxBytes: MAX_TOKEN_FILE_BYTES,
  });
  const token = text.trim();
  if (token.startsWith(API_TOKEN_PREFIX) && /^[\w-]+$/.test(token)) return token;
  throw new FlwrError(
    "invalid-argument",
    `--api-token-file: "${file}" does not contain an API token`,
    {
      hints: ["Create one: flwr token create --name NAME"],
    },
  );
}

function noAccounts({ address }: SuperLinkConnection): FlwrError {
  return new FlwrError("failed-precondition", `SuperLink "${address}" has no accounts`, {
    hints: ["It needs no login: run any other command"],
  });
}
