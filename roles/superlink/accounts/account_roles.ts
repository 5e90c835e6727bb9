import { watchFiles } from "../../../auth/watch_files.ts";
import { log } from "../../../base/log.ts";
import { type AccountIdentity, isRole, type Role } from "../../../entities/account.ts";
import type { AccountsConfig } from "./config.ts";
import { type FiledRoles, readRolesFile } from "./roles_file.ts";

/** What a claim's roles begin with, so that a provider's own "admin" is not ours. */
const CLAIM_PREFIX = "flwr-";

const logger = log("superlink");

/** Finds the roles of accounts. */
export class AccountRoles {
  readonly #config: Pick<AccountsConfig, "defaultRole" | "roleClaim">;
  #filed: FiledRoles | undefined;

  private constructor(config: Pick<AccountsConfig, "defaultRole" | "roleClaim">) {
    this.#config = config;
  }

  /**
   * Reads the file with roles, and reads it again when it changes.
   *
   * @param signal stops watching it
   * @throws FlwrError naming the file and what is wrong
   */
  static async open(config: AccountsConfig, signal: AbortSignal): Promise<AccountRoles> {
    const roles = new AccountRoles(config);
    const { rolesFile: file } = config;
    if (file === undefined) return roles;
    const { first } = await watchFiles([file], {
      signal,
      read: () => readRolesFile({ file, flag: "--accounts-file" }),
      onChange: (next) => {
        roles.#filed = next;
        logger.info("The roles of accounts were reread: {count} entries", {
          event: "accounts-reread",
          count: next.subjects.size + next.names.size,
        });
      },
      onError: ({ message }) =>
        logger.error("The changed roles are invalid, so the previous ones stay in use: {message}", {
          message,
        }),
    });
    roles.#filed = first;
    return roles;
  }

  /**
   * The roles of an account: of its subject in the file, else of its name there, else those of the claim, else the
   * default role.
   *
   * @param claimed texts of the claim with roles
   */
  of({ id, name }: AccountIdentity, claimed: readonly string[]): readonly Role[] {
    const filed = this.#filedOf({ id, name });
    if (filed !== undefined) return filed;
    const roles = claimed.filter((text) => text.startsWith(CLAIM_PREFIX))
      .map((text) => text.slice(CLAIM_PREFIX.length)).filter(isRole);
    if (roles.length > 0) return roles;
    return this.#config.defaultRole === undefined ? [] : [this.#config.defaultRole];
  }

  /**
   * The roles of an API token that its account still has. A role that only a claim gives is not looked up, because the
   * token does not come from the provider.
   *
   * @param account the account, with the roles that the token got
   */
  stillOf({ id, name, roles }: AccountIdentity & { readonly roles: readonly Role[] }) {
    const filed = this.#filedOf({ id, name });
    if (filed === undefined && this.#config.roleClaim !== undefined) return roles;
    const now = filed ?? this.of({ id, name }, []);
    return roles.filter((role) => now.includes(role));
  }

  #filedOf({ id, name }: AccountIdentity): readonly Role[] | undefined {
    return this.#filed?.subjects.get(id) ?? this.#filed?.names.get(name);
  }
}
