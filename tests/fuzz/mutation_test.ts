import assert from "node:assert/strict";
import { mutate } from "./mutation.ts";

const BYTES = Uint8Array.of(1, 2, 3, 4);

Deno.test("bytes are spoilt as the mutation says, and the original stays", () => {
  const cases = [
    [{ kind: "flip", at: 0.5, bit: 0 }, [1, 2, 2, 4]],
    [{ kind: "truncate", at: 0.25 }, [1]],
    [{ kind: "insert", at: 1, bytes: Uint8Array.of(9) }, [1, 2, 3, 4, 9]],
    [{ kind: "overwrite", at: 0.75, bytes: Uint8Array.of(7, 8) }, [1, 2, 3, 7]],
    [{ kind: "repeat", at: 0.5, length: 2 }, [1, 2, 3, 4, 3, 4]],
  ] as const;
  for (const [mutation, expected] of cases) {
    assert.deepEqual([...mutate(BYTES, [mutation])], expected);
  }
  assert.deepEqual([...BYTES], [1, 2, 3, 4]);
  assert.equal(mutate(new Uint8Array(), cases.map(([mutation]) => mutation)).length, 2);
});
