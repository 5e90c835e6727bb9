import { dirname, join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { load } from "../../../base/load.ts";
import type {
  AccountTokens,
  TokenStore,
} from "../../../rpc/dialects/current/client/account_channel.ts";

/** Largest file with tokens, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What stands for the refresh token of an API token: Python's flwr needs some text there. */
const NO_REFRESH_TOKEN = "-";

/** How the secrets of API tokens begin. */
export const API_TOKEN_PREFIX = "flwr_";

/**
 * The file with the tokens of `flwr login`, which Python's flwr shares: a YAML map from keys with the SuperLink's address
 * to texts in base64. A second name for a SuperLink is a second login.
 */
export class CredentialsFile {
  readonly path: string;

  /** @param home Flower's home folder */
  constructor(home: string) {
    this.path = join(home, "credentials.yaml");
  }

  /** The tokens of one SuperLink. @param address "host:port", as the connection names it */
  of(address: string): TokenStore & { remove(): Promise<boolean> } {
    const keys = keysOf(address);
    return {
      read: async () => {
        const entries = await this.#read();
        const [kind, accessToken, refreshToken] = keys.map((key) => decoded(entries.get(key)));
        if (kind !== "oidc" || !accessToken) return undefined;
        return {
          accessToken,
          ...(refreshToken && !accessToken.startsWith(API_TOKEN_PREFIX) && { refreshToken }),
        };
      },
      write: async ({ accessToken, refreshToken = NO_REFRESH_TOKEN }: AccountTokens) => {
        const entries = await this.#read();
        const values = ["oidc", accessToken, refreshToken];
        keys.forEach((key, nth) => entries.set(key, encoded(values[nth]!)));
        await this.#write(entries);
      },
      remove: async () => {
        const entries = await this.#read();
        const removed = keys.filter((key) => entries.delete(key)).length > 0;
        if (removed) await this.#write(entries);
        return removed;
      },
    };
  }

  /** @throws FlwrError for a broken file: Python's flwr would delete it, with the tokens of all SuperLinks */
  async #read(): Promise<Map<string, string>> {
    const text = await this.#text();
    if (text === "") return new Map();
    const { parse } = await yaml();
    let value: unknown;
    try {
      // All scalars are texts. Aliases could make a small file large.
      value = parse(text, { schema: "failsafe", maxAliasCount: 0 });
    } catch (cause) {
      throw this.#broken(cause);
    }
    if (value === null || value === "") return new Map();
    const entries = typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : [];
    if (entries.length === 0 && JSON.stringify(value) !== "{}") throw this.#broken();
    if (entries.some(([, text]) => typeof text !== "string")) throw this.#broken();
    return new Map(entries as [string, string][]);
  }

  async #write(entries: ReadonlyMap<string, string>): Promise<void> {
    const { stringify } = await yaml();
    await Deno.mkdir(dirname(this.path), { recursive: true });
    // Quoted, because Python reads YAML 1.1, where more texts are numbers.
    const text = stringify(Object.fromEntries(entries), {
      defaultStringType: "QUOTE_DOUBLE",
      defaultKeyType: "QUOTE_DOUBLE",
      lineWidth: 0,
    });
    const draft = `${this.path}.${crypto.randomUUID()}.new`;
    try {
      await Deno.writeTextFile(draft, text, { createNew: true, mode: 0o600 });
      await Deno.rename(draft, this.path);
    } catch (cause) {
      await Deno.remove(draft).catch(() => {});
      throw new FlwrError("failed-precondition", `"${this.path}" cannot be written`, { cause });
    }
  }

  async #text(): Promise<string> {
    try {
      const { size } = await Deno.stat(this.path);
      if (size > MAX_BYTES) throw this.#broken();
      return await Deno.readTextFile(this.path);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return "";
      if (cause instanceof FlwrError) throw cause;
      throw new FlwrError("failed-precondition", `"${this.path}" cannot be read`, { cause });
    }
  }

  #broken(cause?: unknown): FlwrError {
    return new FlwrError("invalid-argument", `"${this.path}" is not a file with credentials`, {
      hints: ["Remove it, and log in again: flwr login"],
      cause,
    });
  }
}

function keysOf(address: string): readonly [string, string, string] {
  const key = (name: string) => `flower.account-auth.${address}.${name}`;
  return [key("authn-type"), key("oidc-access-token"), key("oidc-refresh-token")];
}

function encoded(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(text));
  } catch {
    return undefined;
  }
}

/** Loads the package, which only a login needs. */
async function yaml(): Promise<typeof import("yaml")> {
  return await load<typeof import("./yaml.ts")>(new URL("./yaml.ts", import.meta.url))
    .then(({ parse, stringify }) => ({ parse, stringify }) as typeof import("yaml"));
}
