import { join } from "node:path";

/** Paths of a federation's files, in the layout of Flower's authentication example. */
export interface Layout {
  readonly certificateFolder: string;
  readonly keyFolder: string;
  readonly authorityKey: string;
  readonly authority: string;
  readonly serverKey: string;
  readonly server: string;
  /** The SuperLink's private key. Its public key has the suffix ".pub". */
  readonly superLink: string;
  /** The list of the SuperNodes' public keys. */
  readonly list: string;
  /** The private key of SuperNode `index`, counted from 1. Its public key has the suffix ".pub". */
  client(index: number): string;
}

/** The layout in a folder. */
export function layoutOf(folder: string): Layout {
  const certificateFolder = join(folder, "certificates");
  const keyFolder = join(folder, "keys");
  return {
    certificateFolder,
    keyFolder,
    authorityKey: join(certificateFolder, "ca.key"),
    authority: join(certificateFolder, "ca.crt"),
    serverKey: join(certificateFolder, "server.key"),
    server: join(certificateFolder, "server.pem"),
    superLink: join(keyFolder, "server_credentials"),
    list: join(keyFolder, "client_public_keys.csv"),
    client: (index) => join(keyFolder, `client_credentials_${index}`),
  };
}

/** Indexes of the SuperNodes whose private or public key exists, in ascending order. */
export async function clientsIn({ keyFolder }: Layout): Promise<number[]> {
  const indexes = new Set<number>();
  try {
    for await (const { name } of Deno.readDir(keyFolder)) {
      const index = /^client_credentials_([1-9]\d*)(\.pub)?$/.exec(name)?.[1];
      if (index !== undefined) indexes.add(Number(index));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return [...indexes].sort((a, b) => a - b);
}

/** Whether a path exists. A link counts, even if its target does not exist. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
