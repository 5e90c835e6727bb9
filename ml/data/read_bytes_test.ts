import assert from "node:assert/strict";
import { READ_GRANT_HINT } from "../../base/read_grant.ts";
import { FlwrError } from "../../base/error.ts";
import { fileError, readBytes } from "./read_bytes.ts";

const hintsFor = (path: string, error: unknown): readonly string[] => {
  const explained = fileError(path, error);
  assert.ok(explained instanceof FlwrError);
  return explained.hints;
};

Deno.test("a file that a sandboxed app may not read says how it is granted", () => {
  const refused = new Deno.errors.NotCapable('Requires read access to "/data/x.csv"');
  assert.deepEqual(hintsFor("/data/x.csv", refused), [READ_GRANT_HINT]);
  assert.equal((fileError("/data/x.csv", refused) as FlwrError).code, "permission-denied");
  // What the operating system refuses, --allow-read does not help.
  const mode = new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  assert.notDeepEqual(hintsFor("/data/x.csv", mode), [READ_GRANT_HINT]);
});

Deno.test("a missing file of a relative path says where that begins", async () => {
  const hints = async (path: string) => {
    const error = await readBytes(path).then(() => assert.fail(), (error) => error);
    assert.equal((error as FlwrError).code, "not-found");
    return (error as FlwrError).hints;
  };
  assert.equal((await hints("no/such/file.csv")).length, 1);
  assert.equal((await hints("/no/such/file.csv")).length, 0);
});
