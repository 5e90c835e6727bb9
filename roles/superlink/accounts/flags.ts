import { type Command, Option } from "commander";
import { ROLES } from "../../../entities/account.ts";

/** Default scopes of a login. Without `offline_access`, most providers give no refresh token. */
const DEFAULT_SCOPE = "openid profile offline_access";

/** Flags for accounts. Without `oidcIssuer` there are none. */
export interface AccountFlags {
  oidcIssuer?: string;
  oidcClientId?: string;
  oidcClientSecretFile?: string;
  oidcAudience?: string;
  oidcScope: string;
  oidcNameClaim?: string;
  oidcRoleClaim?: string;
  oidcCaFile?: string;
  accountsFile?: string;
  defaultRole?: string;
}

/** Default values of the flags. */
export const DEFAULT_ACCOUNT_FLAGS: AccountFlags = { oidcScope: DEFAULT_SCOPE };

/** Adds the flags for accounts to the `superlink` command. */
export function addAccountOptions(command: Command): Command {
  return command
    .option(
      "--oidc-issuer <url>",
      "issuer URL of an OpenID Connect provider, whose accounts then use the Control API; requires --oidc-client-id (default: no accounts)",
    )
    .option("--oidc-client-id <id>", "the SuperLink's client id at the provider (default: none)")
    .option(
      "--oidc-client-secret-file <file>",
      "file with the client's secret; without one, the provider's access tokens must be JWTs (default: none)",
    )
    .option(
      "--oidc-audience <name>",
      "audience that access tokens must be for (default: the client id)",
    )
    .option(
      "--oidc-scope <scopes>",
      "scopes that a login asks for, separated by spaces",
      DEFAULT_ACCOUNT_FLAGS.oidcScope,
    )
    .option(
      "--oidc-name-claim <claim>",
      "claim with an account's name (default: preferred_username, username, a verified email or sub)",
    )
    .option(
      "--oidc-role-claim <claim>",
      "claim that lists an account's roles as flwr-admin, flwr-researcher, flwr-operator or flwr-viewer; dots lead into nested claims (default: none)",
    )
    .option(
      "--oidc-ca-file <file>",
      "PEM file with the certificate of the CA that signed the provider's certificate (default: the CAs of Deno)",
    )
    .option(
      "--accounts-file <toml>",
      "file with the roles of accounts by subject or name, which is reread when it changes (default: none)",
    )
    .addOption(
      new Option(
        "--default-role <role>",
        "role of accounts for which neither file nor claim has one (default: none, such accounts may do nothing)",
      ).choices(ROLES),
    );
}
