/**
 * Bits of each symbol's code in HPACK's Huffman code (RFC 7541, appendix B); the last is EOS. The code is canonical
 * (sorted by length, then by symbol), so the lengths determine it.
 */
// deno-fmt-ignore
const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

const EOS = 256;

/** Thrown for bytes that are not valid Huffman code. */
export class HuffmanError extends Error {
  override readonly name = "HuffmanError";
}

/**
 * The code as a tree: node n has its children at 2n and 2n + 1. A child is the index of a later node, or ~symbol. 0
 * means no child, because the root is nobody's child.
 */
const TREE: Int16Array = makeTree();

function makeTree(): Int16Array {
  const tree: number[] = [0, 0];
  const symbols = CODE_LENGTHS.map((_, symbol) => symbol)
    .sort((a, b) => CODE_LENGTHS[a]! - CODE_LENGTHS[b]! || a - b);
  let code = 0;
  let length = CODE_LENGTHS[symbols[0]!]!;
  for (const symbol of symbols) {
    code <<= CODE_LENGTHS[symbol]! - length;
    length = CODE_LENGTHS[symbol]!;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const at = 2 * node + (code >> bit & 1);
      if (tree[at] === 0) {
        tree[at] = tree.length / 2;
        tree.push(0, 0);
      }
      node = tree[at]!;
    }
    tree[2 * node + (code & 1)] = ~symbol;
    code++;
  }
  return Int16Array.from(tree);
}

/**
 * Decodes a text in HPACK's Huffman code; each byte is one character.
 *
 * @throws HuffmanError for EOS within the text, and for padding that is longer than 7 bits or not all ones
 */
export function decodeHuffman(bytes: Uint8Array): string {
  let text = "";
  let node = 0;
  /** Bits since the last symbol, and whether all were ones. */
  let bits = 0;
  let ones = true;
  for (const byte of bytes) {
    for (let shift = 7; shift >= 0; shift--) {
      const bit = byte >> shift & 1;
      const next = TREE[2 * node + bit]!;
      if (next > 0) {
        node = next;
        bits++;
        ones &&= bit === 1;
        continue;
      }
      const symbol = ~next;
      if (symbol === EOS) throw new HuffmanError("The text contains the end-of-string symbol");
      text += String.fromCharCode(symbol);
      node = 0;
      bits = 0;
      ones = true;
    }
  }
  if (bits > 7 || !ones) throw new HuffmanError("The padding is invalid");
  return text;
}
