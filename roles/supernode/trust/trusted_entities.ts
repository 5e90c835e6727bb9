import { readText, type TextKind } from "../../../auth/read_text.ts";
import { FlwrError } from "../../../base/error.ts";
import { readEd25519Key } from "./ed25519_key.ts";
import { parseFlatYaml } from "./flat_yaml.ts";

/** Largest file of trusted entities, in bytes: enough for thousands of keys. */
const FILE: TextKind = { what: "Trusted entities", maxBytes: 1024 * 1024 };

/** Keys whose signatures of apps are accepted, by their ids. */
export type TrustedEntities = ReadonlyMap<string, CryptoKey>;

const FLAG = "--trusted-entities";

/**
 * Reads the file of `--trusted-entities`: YAML that maps ids to Ed25519 public keys in OpenSSH's format.
 *
 * @throws FlwrError naming the file and the fault; also for a file without keys
 */
export async function readTrustedEntities(file: string): Promise<TrustedEntities> {
  const shown = `"${file}" (${FLAG})`;
  const text = await readText({ file, flag: FLAG }, FILE);
  const lines = [...parseFlatYaml(text, `File ${shown}`)];
  if (lines.length === 0) {
    throw new FlwrError("invalid-argument", `File ${shown} lists no keys, so no app could run`);
  }
  return new Map(
    await Promise.all(
      lines.map(async ([id, key]) =>
        [id, await readEd25519Key(key, `of "${id}" in ${shown}`)] as const
      ),
    ),
  );
}
