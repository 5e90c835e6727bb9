import { resolve } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { readServerTls, type ServerTls, type ServerTlsFiles } from "../../certs/check.ts";
import {
  type AuthenticationFiles,
  missingFlags,
  readAuthenticationFiles,
} from "./authentication_files.ts";
import { readDatabase } from "./database.ts";
import type { SuperLinkFlags } from "./flags.ts";
import { type Listeners, readListeners } from "./listeners.ts";

/** What a SuperLink is started with: checked, and read from its files. */
export interface SuperLinkConfig {
  readonly listeners: Listeners;
  /** Which APIs machines other than this one may call over HTTP. Fleet is always open to them. */
  readonly remote: RemoteAccess;
  /** TLS, or undefined for `--insecure`. */
  readonly tls?: SuperLinkTls;
  /** Which SuperNodes are admitted, or undefined for all. */
  readonly authentication?: AuthenticationFiles;
  /** A SQLite file, or undefined for memory. */
  readonly database?: string;
  readonly runs: RunsConfig;
}

/** Which APIs other machines may call. */
export interface RemoteAccess {
  readonly control: boolean;
  readonly runtime: boolean;
}

/** A server's TLS, and where its authority lies for processes that are to trust it. */
export interface SuperLinkTls extends ServerTls {
  /** Absolute path. */
  readonly authorityFile: string;
}

/** How the ServerApps of submitted apps are run. */
export interface RunsConfig {
  /** "here": this SuperLink starts them; "elsewhere": other processes take them on. */
  readonly where: "here" | "elsewhere";
  /** Bytes of the secret that such processes must know; undefined: whoever is on this machine may take them. */
  readonly superexecSecret?: Uint8Array;
  /** The Python whose flwr runs Python apps; undefined: the one on PATH. */
  readonly python?: string;
  /** Whether Python apps may install packages. */
  readonly installDependencies: boolean;
  /** Folders that TypeScript apps may read beside their own; absolute. */
  readonly allowRead: readonly string[];
  /** How many run at the same time. */
  readonly concurrent: number;
}

/**
 * Checks the flags against each other and reads the files that are needed whatever happens.
 *
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readSuperLinkConfig(flags: SuperLinkFlags): Promise<SuperLinkConfig> {
  const authentication = readAuthenticationFiles(flags);
  const listeners = readListeners(flags);
  const database = readDatabase(flags.database);
  const config = {
    listeners,
    remote: { control: flags.controlApiAllowRemote, runtime: flags.runtimeApiAllowRemote },
    ...(database === undefined ? {} : { database }),
    runs: await readRuns(flags),
  };
  if (flags.insecure) {
    if (authentication !== undefined) {
      throw new FlwrError("failed-precondition", "Authentication of SuperNodes needs TLS", {
        hints: ["Leave out --insecure and give the three --ssl-… files"],
      });
    }
    return config;
  }
  const files = tlsFiles(flags);
  const tls = {
    ...await readServerTls(files),
    authorityFile: resolve(files.authority.file),
  };
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

async function readRuns(flags: SuperLinkFlags): Promise<RunsConfig> {
  const { isolation, superexecAuthSecretFile: secretFile, python } = flags;
  if (secretFile !== undefined && isolation !== "process") {
    throw new FlwrError(
      "invalid-argument",
      "--superexec-auth-secret-file needs --isolation process",
      {
        hints: ["This SuperLink starts ServerApps itself: nobody else may take them"],
      },
    );
  }
  if (isolation === "process" && flags.runtimeApiAllowRemote && secretFile === undefined) {
    throw new FlwrError(
      "failed-precondition",
      "Every machine could take runs: --isolation process with --runtime-api-allow-remote needs a secret",
      { hints: ["Give one with --superexec-auth-secret-file, to flower-superexec, too"] },
    );
  }
  return {
    where: isolation === "process" ? "elsewhere" : "here",
    ...(secretFile === undefined ? {} : { superexecSecret: await readSecret(secretFile) }),
    ...(python === undefined ? {} : { python: resolve(python) }),
    installDependencies: flags.allowRuntimeDependencyInstallation,
    allowRead: await Promise.all((flags.allowRead ?? []).map(readableFolder)),
    concurrent: flags.concurrentRuns,
  };
}

async function readSecret(file: string): Promise<Uint8Array> {
  const flag = "--superexec-auth-secret-file";
  const bytes = await Deno.readFile(file).catch((cause) => {
    throw new FlwrError("not-found", `File "${file}" of ${flag} cannot be read`, { cause });
  });
  if (bytes.length > 0) return bytes;
  throw new FlwrError("invalid-argument", `File "${file}" of ${flag} is empty`);
}

async function readableFolder(folder: string): Promise<string> {
  // The real path: permissions are checked against it.
  const path = await Deno.realPath(folder).catch((cause) => {
    throw new FlwrError("not-found", `Folder "${folder}" of --allow-read is not there`, { cause });
  });
  return path;
}
