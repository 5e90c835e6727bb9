import { CsvError, parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { FlwrError } from "../base/error.ts";
import { openSshComment, parseOpenSshPublicKey } from "./parse_public_key.ts";
import { writePem } from "./pem.ts";
import type { PublicKey } from "./public_key.ts";
import { CREATE_KEYS, describeFile, type NamedFile, readText, type TextKind } from "./read_text.ts";

/** How key lists are read. Their largest size is enough for about 100,000 P-384 keys. */
export const KEY_LIST_FILE: TextKind = {
  what: "Key list",
  maxBytes: 16 * 1024 * 1024,
  ifAbsent: CREATE_KEYS,
};

const LIST_HINT = "A key list is CSV with one OpenSSH public key per cell";

/** A key of a key list. */
export interface ListedKey extends PublicKey {
  /** Text after the key in its cell, trimmed; undefined if there is none. */
  readonly comment?: string;
}

/** A second key in one cell. It would be taken for the first key's comment, and its node would not be admitted. */
const SECOND_KEY = /[;|\s](ecdsa-sha2|ssh|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+[ \t]+AAAA/;

/** The public keys that a SuperLink admits. Immutable; a changed file gives a new list. */
export class KeyList {
  readonly #byPem: ReadonlyMap<string, ListedKey>;

  /** @param keys duplicates count once, with the last comment */
  constructor(keys: Iterable<ListedKey> = []) {
    this.#byPem = new Map([...keys].map((key) => [key.pem, key]));
  }

  /** The number of different keys. */
  get size(): number {
    return this.#byPem.size;
  }

  /** Whether the key with this SubjectPublicKeyInfo (DER) is listed. */
  has(spki: Uint8Array): boolean {
    return this.#byPem.has(writePem("PUBLIC KEY", spki));
  }

  /** The comment of the key with this SubjectPublicKeyInfo (DER); undefined if there is none. */
  commentOf(spki: Uint8Array): string | undefined {
    return this.#byPem.get(writePem("PUBLIC KEY", spki))?.comment;
  }

  /**
   * The listed key whose PEM text equals `pem` byte for byte. Flower compares keys this way: other line ends or a
   * missing final newline do not match. A stranger's header costs only one look-up, because nothing is parsed.
   */
  findByPem(pem: string): PublicKey | undefined {
    return this.#byPem.get(pem);
  }

  /** All keys, in the order of the list. */
  keys(): ListedKey[] {
    return [...this.#byPem.values()];
  }

  /** The keys of this list that are not in `other`. */
  without(other: KeyList): ListedKey[] {
    return this.keys().filter((key) => other.findByPem(key.pem) === undefined);
  }
}

/**
 * Parses the cells of a key list in the default CSV dialect of Python's csv module: commas, double quotes, rows of any
 * length, and ignored empty lines.
 *
 * @param named the file, for errors
 * @returns the rows, each with the number of its last line
 * @throws FlwrError invalid-argument if a quote is not paired
 */
export function parseRows(text: string, named: NamedFile): { cells: string[]; line: number }[] {
  const rows: { cells: string[]; line: number }[] = [];
  try {
    parse(text, {
      bom: true,
      relax_column_count: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      skip_empty_lines: true,
      on_record: (cells: string[], { lines }) => {
        rows.push({ cells, line: lines });
        return null;
      },
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new FlwrError(
      "invalid-argument",
      `Key list ${describeFile(named)} is not CSV: line ${cause.lines} has an unpaired quote`,
      { cause, hints: [LIST_HINT] },
    );
  }
  return rows;
}

/** Refuses a file with keys or certificates in PEM. @throws FlwrError invalid-argument */
function refuseOtherFiles(text: string, named: NamedFile): void {
  const [, label] = /-----BEGIN ([A-Z0-9 ]{1,64})-----/.exec(text) ?? [];
  if (label === undefined) return;
  const [what, hint] = label.endsWith("PRIVATE KEY")
    ? ["a private key", "List the line of the .pub file next to it instead"]
    : label.endsWith("PUBLIC KEY")
    ? [
      "a public key in PEM",
      `Write it as an OpenSSH line: ssh-keygen -i -m PKCS8 -f ${named.file} > NEW`,
    ]
    : [`a PEM file ("${label}")`, "List the nodes' public keys"];
  throw new FlwrError("invalid-argument", `Key list ${describeFile(named)} contains ${what}`, {
    hints: [hint, LIST_HINT],
  });
}

/**
 * Parses the text of a key list.
 *
 * @param named the file, for errors
 * @throws FlwrError invalid-argument with file, line and cell of the first cell that is not a key
 */
export async function parseKeyList(text: string, named: NamedFile): Promise<KeyList> {
  refuseOtherFiles(text, named);
  const cells = parseRows(text, named).flatMap(({ cells, line }) =>
    cells.map((cell, index) => ({
      cell,
      alone: cells.length === 1,
      where: `in cell ${index + 1} of line ${line}`,
    }))
  );
  const keys = await Promise.allSettled(cells.map(async ({ cell, alone, where }) => {
    const place = `${where} of ${describeFile(named)}`;
    if (cell.trim() === "") {
      throw new FlwrError("invalid-argument", `Public key ${place} is missing: the cell is empty`, {
        hints: [
          alone ? "Remove the line: it has only spaces" : "Remove the comma next to the cell",
          LIST_HINT,
        ],
      });
    }
    if (SECOND_KEY.test(cell.trimStart())) {
      throw new FlwrError(
        "invalid-argument",
        `Public key ${place} is followed by another key in the same cell`,
        {
          hints: ["Put a comma or a new line between keys", LIST_HINT],
        },
      );
    }
    const key = await parseOpenSshPublicKey(cell, place);
    const comment = openSshComment(cell);
    return comment === "" ? key : { ...key, comment };
  }));
  return new KeyList(keys.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }));
}

/**
 * Reads a key list from its file.
 *
 * @throws FlwrError with file and flag: like parseKeyList, and not-found, permission-denied, resource-exhausted
 */
export async function readKeyList(named: NamedFile): Promise<KeyList> {
  return await parseKeyList(await readText(named, KEY_LIST_FILE), named);
}

/**
 * Adds keys to the text of a key list, at the end of its last row. Existing cells do not change.
 *
 * @param text the current list; may be empty
 * @param lines OpenSSH public keys to add
 * @param named the file, for errors
 */
export function extendKeyList(text: string, lines: readonly string[], named: NamedFile): string {
  const rows = parseRows(text, named).map(({ cells }) => cells);
  const last = rows.pop() ?? [];
  return stringify([...rows, [...last, ...lines]]);
}
