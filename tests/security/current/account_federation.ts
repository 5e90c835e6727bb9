import { ROLES } from "../../../entities/account.ts";
import { buildFab } from "../../../fab/build/build.ts";
import type { Channel } from "../../../rpc/channel.ts";
import { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { makeApp } from "../../support/make_app.ts";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  startProvider,
  type TestProvider,
} from "../../support/oidc_provider.ts";
import { TempDir } from "../../support/tempdir.ts";
import { CurrentSuperLink } from "./superlink.ts";

/** A SuperLink with accounts, their provider, and an app. */
export interface AccountFederation extends AsyncDisposable {
  readonly provider: TestProvider;
  readonly superLink: CurrentSuperLink;
  readonly fab: { readonly content: Uint8Array; readonly hash: string };
  /** A channel that sends an account's access token with each call. */
  channel(login: string): Promise<Channel>;
  /** A connection of an account. */
  client(login: string): Promise<ControlClient>;
}

/**
 * Starts a SuperLink whose file of roles gives each role to an account of that name, by its subject. "researcher-2" and
 * "operator-2" are colleagues.
 */
export async function federation(): Promise<AccountFederation> {
  await using stack = new AsyncDisposableStack();
  const provider = stack.use(await startProvider());
  const folder = stack.use(await TempDir.make());
  const rolesFile = `${folder.path}/accounts.toml`;
  const lines = [...ROLES, "researcher-2", "operator-2"].map((name) =>
    `"${name}" = "${name.replace("-2", "")}"`
  );
  await Deno.writeTextFile(rolesFile, `[subjects]\n${lines.join("\n")}\n`);
  await Deno.writeTextFile(`${folder.path}/secret`, CLIENT_SECRET);
  const superLink = stack.use(
    await CurrentSuperLink.start({
      oidcIssuer: provider.issuer,
      oidcClientId: CLIENT_ID,
      oidcClientSecretFile: `${folder.path}/secret`,
      accountsFile: rolesFile,
    }),
  );
  const fab = await buildFab(await makeApp(`${folder.path}/app`, { name: "small" }));
  const owned = stack.move();
  const channel = async (login: string) =>
    superLink.withToken((await provider.tokensOf(login)).access);
  return {
    provider,
    superLink,
    fab,
    channel,
    client: async (login) => new ControlClient(await channel(login)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
