import assert from "node:assert/strict";
import { FlwrError } from "../base/error.ts";
import { checkServerDeno, RECOMMENDED_DENO } from "./deno_version.ts";

for (const version of ["1.46.3", "2.6.10", "2.9.4", "2.9.5", "2.9.8", "2.9.8+abc"]) {
  Deno.test(`Deno ${version} may not run a server`, () => {
    assert.throws(
      () => checkServerDeno(version),
      (error) =>
        error instanceof FlwrError && error.code === "failed-precondition" &&
        error.message.includes(version) && error.hints[0]!.includes(RECOMMENDED_DENO),
    );
  });
}

for (const version of ["2.7.0", "2.7.14", "2.9.3", "2.9.9", "2.10.0-rc.1+abc", "3.0.0"]) {
  Deno.test(`Deno ${version} may run a server`, () => checkServerDeno(version));
}
