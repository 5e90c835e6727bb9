import { fileURLToPath } from "node:url";
import { resolve } from "node:path";
import type { SuperLinkConnection } from "../../config/connection.ts";

/** What a worker's command line depends on. */
export interface WorkerCommandOptions {
  readonly connection: Pick<SuperLinkConnection, "address" | "insecure" | "rootCertificates">;
  /** "host:port" at which workers reach the SuperLink (default: the connection's). */
  readonly address?: string | undefined;
  readonly tokenFile: string;
  /** Number of nodes that a worker computes at the same time. Default: as many as its machine has cores. */
  readonly slots?: number;
}

/** The words after `flwr` with which a worker is started. */
export function workerWords(
  { connection, address = connection.address, tokenFile, slots }: WorkerCommandOptions,
): string[] {
  const { insecure, rootCertificates } = connection;
  return [
    "simulation-worker",
    `--superlink=${address}`,
    ...(insecure ? ["--insecure"] : []),
    ...(rootCertificates === undefined ? [] : [`--root-certificates=${resolve(rootCertificates)}`]),
    `--token-file=${resolve(tokenFile)}`,
    ...(slots === undefined ? [] : [`--workers=${slots}`]),
  ];
}

/** The words with which this program is started on a machine that has it at the same place. */
export function programWords(): string[] {
  return Deno.build.standalone
    ? [Deno.execPath()]
    : [Deno.execPath(), "run", "-A", "--quiet", fileURLToPath(Deno.mainModule)];
}
