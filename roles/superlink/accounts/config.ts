import type { ProviderSettings } from "../../../auth/accounts/settings.ts";
import { readText } from "../../../auth/read_text.ts";
import { FlwrError } from "../../../base/error.ts";
import { isRole, type Role } from "../../../entities/account.ts";
import { isLoopback, parseAddress } from "../../../rpc/address.ts";
import { type AccountFlags, DEFAULT_ACCOUNT_FLAGS } from "./flags.ts";

/** Largest file with a secret or certificates, in bytes. */
const MAX_FILE_BYTES = 256 * 1024;

/** The accounts of a SuperLink, from checked flags and files. */
export interface AccountsConfig {
  readonly provider: ProviderSettings;
  /** The claim that lists roles. */
  readonly roleClaim?: string;
  /** The file with roles. */
  readonly rolesFile?: string;
  /** Role of accounts without another one. */
  readonly defaultRole?: Role;
}

/** What the SuperLink serves on, as far as accounts depend on it. */
export interface ServingChoice {
  readonly insecure: boolean;
  /** "host:port" of the listeners that serve the Control API. */
  readonly addresses: readonly string[];
  readonly hasProxies: boolean;
}

/**
 * Reads the flags for accounts. Returns undefined if there are none.
 *
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readAccounts(
  flags: AccountFlags,
  serving: ServingChoice,
): Promise<AccountsConfig | undefined> {
  const { oidcIssuer, oidcClientId: clientId, oidcClientSecretFile, oidcCaFile } = flags;
  if (oidcIssuer === undefined) {
    refuseOrphans(flags);
    return undefined;
  }
  if (clientId === undefined || clientId === "") {
    throw new FlwrError("invalid-argument", "--oidc-issuer needs --oidc-client-id", {
      hints: ["Register the SuperLink at the provider as a client with the device flow"],
    });
  }
  const { defaultRole, oidcRoleClaim: roleClaim, accountsFile: rolesFile } = flags;
  if (defaultRole === undefined && roleClaim === undefined && rolesFile === undefined) {
    throw new FlwrError(
      "invalid-argument",
      "--oidc-issuer needs roles: no account could do anything",
      {
        hints: ["Add --accounts-file, --oidc-role-claim or --default-role researcher"],
      },
    );
  }
  requireConfidentiality(serving);
  const secret = oidcClientSecretFile === undefined
    ? undefined
    : await readSecret("--oidc-client-secret-file", oidcClientSecretFile);
  return {
    provider: {
      issuer: readIssuer(oidcIssuer),
      clientId,
      audience: flags.oidcAudience ?? clientId,
      scope: flags.oidcScope,
      ...(secret !== undefined && { clientSecret: secret }),
      ...(flags.oidcNameClaim !== undefined && { nameClaim: flags.oidcNameClaim }),
      ...(oidcCaFile !== undefined && {
        authority: await readText({ file: oidcCaFile, flag: "--oidc-ca-file" }, {
          what: "Certificate",
          maxBytes: MAX_FILE_BYTES,
        }),
      }),
    },
    ...(roleClaim !== undefined && { roleClaim }),
    ...(rolesFile !== undefined && { rolesFile }),
    ...(defaultRole !== undefined && isRole(defaultRole) && { defaultRole }),
  };
}

function refuseOrphans(flags: AccountFlags): void {
  const { oidcIssuer: _, ...others } = flags;
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined || value === DEFAULT_ACCOUNT_FLAGS[name as keyof AccountFlags]) {
      continue;
    }
    if (!(name in FLAG_NAMES)) continue;
    throw new FlwrError(
      "invalid-argument",
      `${FLAG_NAMES[name as keyof typeof FLAG_NAMES]} needs --oidc-issuer`,
      { hints: ["Without it the SuperLink has no accounts"] },
    );
  }
}

const FLAG_NAMES: Readonly<Record<Exclude<keyof AccountFlags, "oidcIssuer">, string>> = {
  oidcClientId: "--oidc-client-id",
  oidcClientSecretFile: "--oidc-client-secret-file",
  oidcAudience: "--oidc-audience",
  oidcScope: "--oidc-scope",
  oidcNameClaim: "--oidc-name-claim",
  oidcRoleClaim: "--oidc-role-claim",
  oidcCaFile: "--oidc-ca-file",
  accountsFile: "--accounts-file",
  defaultRole: "--default-role",
};

/** @throws FlwrError unless the URL is https, or http on this machine */
function readIssuer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isFine = url !== undefined && url.username === "" && url.search === "" && url.hash === "" &&
    (url.protocol === "https:" || url.protocol === "http:" && isLoopback(bare(url.hostname)));
  if (isFine) return url;
  throw new FlwrError(
    "invalid-argument",
    `--oidc-issuer: "${text}" is not the https URL of a provider`,
    {
      hints: [
        "Give it as the provider's discovery document names it: https://login.example.org/realms/flwr",
      ],
    },
  );
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** Tokens are worth as much as passwords, so they need TLS up to this SuperLink or the proxy before it. */
function requireConfidentiality({ insecure, addresses, hasProxies }: ServingChoice): void {
  if (!insecure || hasProxies) return;
  if (addresses.every((address) => isLoopback(parseAddress(address, { allowZero: true }).host))) {
    return;
  }
  throw new FlwrError(
    "failed-precondition",
    "Accounts need TLS: tokens would be readable on the network",
    {
      hints: [
        "Remove --insecure and add the three --ssl-… files",
        "Or name the proxy that has TLS: --trusted-proxy",
      ],
    },
  );
}

async function readSecret(flag: string, file: string): Promise<string> {
  const text = await readText({ file, flag }, { what: "Secret", maxBytes: MAX_FILE_BYTES });
  const secret = text.replace(/\r?\n$/, "");
  if (secret !== "") return secret;
  throw new FlwrError("invalid-argument", `${flag}: file "${file}" is empty`);
}
