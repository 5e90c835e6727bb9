import { readText, type TextKind } from "../../auth/read_text.ts";
import { FlwrError } from "../../base/error.ts";
import type { S3Credentials } from "../../link/store/objects/s3_store.ts";

const FLAG = "--object-store-credentials-file";
const CREDENTIALS_FILE: TextKind = { what: "Credentials", maxBytes: 64 * 1024 };
/** Section that is read. Other sections of the file belong to other programs. */
const SECTION = "default";

/**
 * Reads credentials from a file in the format of Amazon's programs
 * (docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html): lines `name = value`, before any section or in
 * the section `[default]`.
 *
 * @throws FlwrError naming the flag and the file, if it cannot be read, is incomplete, or if other users can read it
 */
export async function readCredentials(file: string): Promise<S3Credentials> {
  const text = await readText({ file, flag: FLAG }, CREDENTIALS_FILE);
  const { mode } = await Deno.stat(file);
  if (mode !== null && (mode & 0o007) !== 0) {
    throw new FlwrError("failed-precondition", `${FLAG}: Other users can read file "${file}"`, {
      hints: [`Run: chmod 600 ${file}`],
    });
  }
  const values = new Map<string, string>();
  let section = SECTION;
  for (const line of text.split(/\r?\n/)) {
    const [, name] = /^\s*\[\s*(.*?)\s*\]\s*$/.exec(line) ?? [];
    if (name !== undefined) section = name;
    const [, key, value] = /^\s*(aws_\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && section === SECTION) values.set(key, value!);
  }
  const accessKeyId = required(values, "aws_access_key_id", file);
  const secretAccessKey = required(values, "aws_secret_access_key", file);
  const sessionToken = values.get("aws_session_token") ?? "";
  return { accessKeyId, secretAccessKey, ...(sessionToken === "" ? {} : { sessionToken }) };
}

function required(values: ReadonlyMap<string, string>, name: string, file: string): string {
  const value = values.get(name) ?? "";
  if (value !== "") return value;
  throw new FlwrError("invalid-argument", `${FLAG}: File "${file}" has no line "${name} = …"`);
}
