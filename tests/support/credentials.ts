import { Process } from "./process.ts";
import { repositoryPath } from "./repository.ts";

/** Certificates and keys of one federation, as `flwr keys generate` lays them out. */
export class Credentials {
  constructor(readonly folder: string) {}

  get caCertificate(): string {
    return `${this.folder}/certificates/ca.crt`;
  }
  get serverCertificate(): string {
    return `${this.folder}/certificates/server.pem`;
  }
  get serverKey(): string {
    return `${this.folder}/certificates/server.key`;
  }
  get keyList(): string {
    return `${this.folder}/keys/client_public_keys.csv`;
  }
  get superlinkPrivateKey(): string {
    return `${this.folder}/keys/server_credentials`;
  }
  get superlinkPublicKey(): string {
    return `${this.superlinkPrivateKey}.pub`;
  }

  /** @param node 1 for the first node */
  nodePrivateKey(node: number): string {
    return `${this.folder}/keys/client_credentials_${node}`;
  }
  /** @param node 1 for the first node */
  nodePublicKey(node: number): string {
    return `${this.nodePrivateKey(node)}.pub`;
  }

  /** Leaves only the keys of these nodes in the key list. */
  async listOnly(nodes: readonly number[]): Promise<void> {
    const keys = await Promise.all(nodes.map(async (node) => {
      const line = await Deno.readTextFile(this.nodePublicKey(node));
      return line.trim().split(" ").slice(0, 2).join(" ");
    }));
    await Deno.writeTextFile(this.keyList, keys.join(","));
  }

  /** The flags with which a SuperLink, ours or the real one, uses TLS. */
  serverFlags(): string[] {
    return [
      ...["--ssl-ca-certfile", this.caCertificate],
      ...["--ssl-certfile", this.serverCertificate, "--ssl-keyfile", this.serverKey],
    ];
  }

  /** The flags with which a SuperLink, ours or 1.9's, uses TLS and knows the nodes' keys. */
  superlinkFlags(): string[] {
    return [
      ...this.serverFlags(),
      ...["--auth-list-public-keys", this.keyList],
      ...["--auth-superlink-private-key", this.superlinkPrivateKey],
      ...["--auth-superlink-public-key", this.superlinkPublicKey],
    ];
  }

  /** The flags with which a SuperNode, ours or the real one, uses TLS and its key. */
  supernodeFlags(node: number): string[] {
    return [
      ...["--root-certificates", this.caCertificate],
      ...["--auth-supernode-private-key", this.nodePrivateKey(node)],
      ...["--auth-supernode-public-key", this.nodePublicKey(node)],
    ];
  }
}

/** Certificates of a federation without keys: TLS, but anybody may join. */
class CertificatesOnly extends Credentials {
  override superlinkFlags(): string[] {
    return this.serverFlags();
  }

  override supernodeFlags(): string[] {
    return ["--root-certificates", this.caCertificate];
  }
}

/** How a federation is secured: `tls` lets anybody join, `auth` asks for keys, too. */
export type Security = "insecure" | "tls" | "auth";

/** What processes that know their flags by their credentials get for a security. */
export function securedBy(security: Security, all: Credentials): Credentials | undefined {
  if (security === "insecure") return undefined;
  return security === "tls" ? new CertificatesOnly(all.folder) : all;
}

/**
 * Makes certificates and keys with our own command.
 *
 * @param folder where `certificates/` and `keys/` are to be; must exist
 * @param nodes how many node keys
 * @param hosts addresses that the certificate names, too
 */
export async function makeCredentials(
  folder: string,
  nodes = 2,
  hosts: readonly string[] = [],
): Promise<Credentials> {
  await using process = new Process({
    name: "flwr keys generate",
    command: Deno.execPath(),
    args: [
      ...["run", "-A", repositoryPath("main.ts"), "keys", "generate", String(nodes)],
      ...hosts.flatMap((host) => ["--host", host]),
    ],
    cwd: folder,
  });
  const status = await process.ended(60);
  if (!status.success) throw new Error(process.tail());
  return new Credentials(folder);
}
