import { readText } from "../../../auth/read_text.ts";
import { FlwrError } from "../../../base/error.ts";
import { readEd25519Key } from "./ed25519_key.ts";
import { parseFlatYaml } from "./flat_yaml.ts";

/** The largest file of trusted entities, in bytes: thousands of keys. */
const MAX_TRUSTED_ENTITIES_BYTES = 1024 * 1024;

/** Who may vouch for apps: the id of a key, and the key. */
export type TrustedEntities = ReadonlyMap<string, CryptoKey>;

const FLAG = "--trusted-entities";

/**
 * Reads the file of `--trusted-entities`: YAML that maps ids of signing keys to Ed25519 keys in OpenSSH's form.
 *
 * @throws FlwrError naming the file and what is wrong: a file that names nobody is wrong, too
 */
export async function readTrustedEntities(file: string): Promise<TrustedEntities> {
  const shown = `"${file}" (${FLAG})`;
  const text = await readText({ file, flag: FLAG }, "Trusted entities", MAX_TRUSTED_ENTITIES_BYTES);
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
