import assert from "node:assert/strict";
import { isWithinCharacter } from "./characters.ts";

Deno.test("characters: only an index within a surrogate pair is within a character", () => {
  const within = (text: string) =>
    Array.from({ length: text.length + 1 }, (_, at) => at).filter((at) =>
      isWithinCharacter(text, at)
    );
  assert.deepEqual(within("a😀😀b"), [2, 4]);
  for (const text of ["", "ab", "é\n", "\ud800", "\udc00", "\udc00\ud800", "a\ud800b"]) {
    assert.deepEqual(within(text), []);
  }
});
