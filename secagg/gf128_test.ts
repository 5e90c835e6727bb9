import assert from "node:assert/strict";
import {
  addTo,
  elementAt,
  inverse,
  smallElement,
  times,
  timesSmall,
  writeElement,
} from "./gf128.ts";

const hex = (element: Int32Array) => {
  const bytes = new Uint8Array(16);
  writeElement(element, bytes, 0);
  return bytes.toHex();
};
const random = () => elementAt(crypto.getRandomValues(new Uint8Array(16)));

Deno.test("gf128: multiplies as polynomials modulo x^128 + x^7 + x^2 + x + 1", () => {
  // x · x^127 = x^128 = x^7 + x^2 + x + 1
  const high = elementAt(Uint8Array.fromHex("80000000000000000000000000000000"));
  assert.equal(hex(times(high, smallElement(2))), "00000000000000000000000000000087");
  // (x^2 + 1)(x + 1) = x^3 + x^2 + x + 1
  assert.equal(hex(times(smallElement(5), smallElement(3))), hex(smallElement(15)));
});

Deno.test("gf128: the field's laws hold for random elements", () => {
  for (let i = 0; i < 50; i++) {
    const [a, b, c] = [random(), random(), random()];
    const shown = `${hex(a)} ${hex(b)} ${hex(c)}`;
    assert.equal(hex(times(a, b)), hex(times(b, a)), shown);
    const sum = Int32Array.from(b);
    addTo(sum, c);
    const apart = times(a, b);
    addTo(apart, times(a, c));
    assert.equal(hex(times(a, sum)), hex(apart), shown);
    assert.equal(hex(times(a, inverse(a))), hex(smallElement(1)), shown);
    assert.equal(hex(timesSmall(a, 1000 + i)), hex(times(a, smallElement(1000 + i))), shown);
  }
});
