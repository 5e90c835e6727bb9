import { join } from "node:path";

/** Where the files of a federation lie below a folder: the layout of Flower's authentication example. */
export interface Layout {
  readonly certificateFolder: string;
  readonly keyFolder: string;
  readonly authorityKey: string;
  readonly authority: string;
  readonly serverKey: string;
  readonly server: string;
  /** The SuperLink's private key; its public key has ".pub" at the end. */
  readonly superLink: string;
  /** The SuperNodes' public keys. */
  readonly list: string;
  /** The private key of SuperNode `index`, counted from 1; its public key has ".pub" at the end. */
  client(index: number): string;
}

/** The layout below a folder. */
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

/** The numbers of the SuperNodes whose private or public key lies in the folder, in ascending order. */
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

/** Whether there is anything at the path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
