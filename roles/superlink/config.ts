import { FlwrError } from "../../base/error.ts";
import { readServerTls, type ServerTls, type ServerTlsFiles } from "../../certs/check.ts";
import { isLoopback } from "../../rpc/address.ts";
import { readFlagAddress } from "../flag_address.ts";

/** The `superlink` command's flags as commander parses them. */
export interface SuperLinkFlags {
  insecure: boolean;
  sslCaCertfile?: string;
  sslCertfile?: string;
  sslKeyfile?: string;
  authListPublicKeys?: string;
  authSuperlinkPrivateKey?: string;
  authSuperlinkPublicKey?: string;
  fleetApiAddress: string;
  driverApiAddress: string;
  driverApiAllowRemote: boolean;
  database: string;
}

/** What a SuperLink is started with: checked, and read from its files. */
export interface SuperLinkConfig {
  readonly fleetAddress: string;
  readonly driverAddress: string;
  /** TLS, or undefined for `--insecure`. */
  readonly tls?: ServerTls;
  /** The three authentication files, or undefined to admit every SuperNode. */
  readonly authentication?: AuthenticationFiles;
  /** A SQLite file, or undefined for memory. */
  readonly database?: string;
}

/** The files behind the three `--auth-…` flags. */
export interface AuthenticationFiles {
  readonly publicKeyList: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Names under which the state in memory may be asked for: ours, and Flower's own default. */
const MEMORY_DATABASES = new Set([":memory:", ":flwr-in-memory-state:", ":flwr-in-memory:", ""]);

/**
 * Checks the flags against each other and reads the TLS files.
 *
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readSuperLinkConfig(flags: SuperLinkFlags): Promise<SuperLinkConfig> {
  const authentication = authenticationFiles(flags);
  checkDriverAddress(flags);
  readFlagAddress("--fleet-api-address", flags.fleetApiAddress, { allowZero: true });
  const config = {
    fleetAddress: flags.fleetApiAddress,
    driverAddress: flags.driverApiAddress,
    ...(MEMORY_DATABASES.has(flags.database) ? {} : { database: flags.database }),
  };
  if (flags.insecure) {
    if (authentication !== undefined) {
      throw new FlwrError("failed-precondition", "Authentication of SuperNodes needs TLS", {
        hints: ["Leave out --insecure and give the three --ssl-… files"],
      });
    }
    return config;
  }
  const tls = await readServerTls(tlsFiles(flags));
  return { ...config, tls, ...(authentication === undefined ? {} : { authentication }) };
}

function tlsFiles(flags: SuperLinkFlags): ServerTlsFiles {
  const { sslCaCertfile: authority, sslCertfile: certificate, sslKeyfile: key } = flags;
  const missing = missingFlags({
    "--ssl-ca-certfile": authority,
    "--ssl-certfile": certificate,
    "--ssl-keyfile": key,
  });
  if (authority !== undefined && certificate !== undefined && key !== undefined) {
    return {
      authority: { file: authority, flag: "--ssl-ca-certfile" },
      certificate: { file: certificate, flag: "--ssl-certfile" },
      key: { file: key, flag: "--ssl-keyfile" },
    };
  }
  throw new FlwrError("invalid-argument", `TLS needs ${missing.join(" and ")}`, {
    hints: [
      'Make certificates with "flwr keys generate"',
      "Or serve without TLS, on a machine of your own, with --insecure",
    ],
  });
}

function authenticationFiles(flags: SuperLinkFlags): AuthenticationFiles | undefined {
  const given = {
    "--auth-list-public-keys": flags.authListPublicKeys,
    "--auth-superlink-private-key": flags.authSuperlinkPrivateKey,
    "--auth-superlink-public-key": flags.authSuperlinkPublicKey,
  };
  const missing = missingFlags(given);
  if (missing.length === Object.keys(given).length) return undefined;
  if (missing.length > 0) {
    throw new FlwrError("invalid-argument", `Authentication also needs ${missing.join(" and ")}`, {
      hints: ["Give all three --auth-… flags, or none to admit every SuperNode"],
    });
  }
  return {
    publicKeyList: flags.authListPublicKeys!,
    privateKey: flags.authSuperlinkPrivateKey!,
    publicKey: flags.authSuperlinkPublicKey!,
  };
}

function missingFlags(flags: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(flags).filter((name) => flags[name] === undefined);
}

/** The driver API of the 1.9 wire has no authentication: whoever reaches it can drive every node. */
function checkDriverAddress(flags: SuperLinkFlags): void {
  const { host } = readFlagAddress("--driver-api-address", flags.driverApiAddress, {
    allowZero: true,
  });
  if (isLoopback(host) || flags.driverApiAllowRemote) return;
  throw new FlwrError(
    "failed-precondition",
    `The driver API has no authentication and would listen beyond this machine: --driver-api-address "${flags.driverApiAddress}"`,
    {
      hints: [
        "Use a loopback address such as 127.0.0.1:9091 and run the ServerApp on this machine",
        "Or say that the network is trusted with --driver-api-allow-remote",
      ],
    },
  );
}
