import assert from "node:assert/strict";
import { KeyList } from "../../auth/key_list.ts";
import { PrivateKey } from "../../auth/private_key.ts";
import { ListedNames } from "./listed_names.ts";

Deno.test("a valid comment after a key in the current list names its node", async () => {
  const [{ publicKey: named }, { publicKey: strange }] = [
    await PrivateKey.generate("P-256"),
    await PrivateKey.generate("P-256"),
  ];
  const names = new ListedNames();
  assert.equal(names.of(named.spki), undefined);
  let list = new KeyList([
    { ...named, comment: "hospital-b" },
    { ...strange, comment: "a\u001b[2J" },
  ]);
  names.follow(() => list);
  assert.deepEqual([names.of(named.spki), names.of(strange.spki)], ["hospital-b", undefined]);
  list = new KeyList([{ ...named, comment: "hospital-c" }]);
  assert.equal(names.of(named.spki), "hospital-c");
});
