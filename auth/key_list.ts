import { CsvError, parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { FlwrError } from "../base/error.ts";
import { openSshComment, parseOpenSshPublicKey } from "./parse_public_key.ts";
import { writePem } from "./pem.ts";
import type { PublicKey } from "./public_key.ts";
import { describeFile, type NamedFile, readText } from "./read_text.ts";

/** Largest key list that is read, in bytes: room for about 100,000 P-384 keys. */
export const MAX_KEY_LIST_BYTES = 16 * 1024 * 1024;

const LIST_HINT = "A key list is CSV with one OpenSSH public key per cell";

/** A key of a list. */
export interface ListedKey extends PublicKey {
  /** What stands behind it in its cell, without blanks at its ends; undefined where there is nothing. */
  readonly comment?: string;
}

/** A key behind another in one cell: it would count as the other's comment, and its node would not be admitted. */
const SECOND_KEY = /[;|\s](ecdsa-sha2|ssh|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+[ \t]+AAAA/;

/** The public keys that a SuperLink admits. Immutable: a changed file makes a new list. */
export class KeyList {
  readonly #byPem: ReadonlyMap<string, ListedKey>;

  /** @param keys a key that occurs twice counts once, with its last comment */
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

  /** The comment behind the key with this SubjectPublicKeyInfo (DER); undefined where there is none. */
  commentOf(spki: Uint8Array): string | undefined {
    return this.#byPem.get(writePem("PUBLIC KEY", spki))?.comment;
  }

  /**
   * The listed key whose PEM text equals `pem` byte for byte, which is how Flower compares keys: other line ends or
   * a missing final newline do not match. Parses nothing, so a stranger's header costs one look-up.
   */
  findByPem(pem: string): PublicKey | undefined {
    return this.#byPem.get(pem);
  }

  /** All keys, in the order of the list. */
  keys(): ListedKey[] {
    return [...this.#byPem.values()];
  }

  /** The keys that are here and not in `other`. */
  without(other: KeyList): ListedKey[] {
    return this.keys().filter((key) => other.findByPem(key.pem) === undefined);
  }
}

/**
 * The cells of a key list: the CSV dialect that Python's csv module reads by default, so comma, double quotes, any
 * number of rows of any length, and empty lines that count for nothing.
 *
 * @param named the file, for errors
 * @returns the rows with the numbers of the lines they end on
 * @throws FlwrError invalid-argument when quotes do not pair up
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

/** @throws FlwrError "invalid-argument" for a file with keys or certificates in PEM */
function refuseOtherFiles(text: string, named: NamedFile): void {
  const [, label] = /-----BEGIN ([A-Z0-9 ]{1,64})-----/.exec(text) ?? [];
  if (label === undefined) return;
  const [what, hint] = label.endsWith("PRIVATE KEY")
    ? ["a private key", "List the line of the .pub file that lies next to it"]
    : label.endsWith("PUBLIC KEY")
    ? [
      "a public key in PEM",
      `Write it as an OpenSSH line: ssh-keygen -i -m PKCS8 -f ${named.file} > NEW`,
    ]
    : [`a PEM file ("${label}")`, "List the nodes' public keys"];
  throw new FlwrError("invalid-argument", `Key list ${describeFile(named)} holds ${what}`, {
    hints: [hint, LIST_HINT],
  });
}

/**
 * The keys of a list's text.
 *
 * @param named the file, for errors
 * @throws FlwrError invalid-argument naming file, line and cell of the first cell that is no key
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
          alone
            ? "Remove the line: it has spaces and nothing else"
            : "Remove the comma that makes the cell",
          LIST_HINT,
        ],
      });
    }
    if (SECOND_KEY.test(cell.trimStart())) {
      throw new FlwrError("invalid-argument", `Public key ${place} is followed by another`, {
        hints: ["Put a comma or a new line between keys", LIST_HINT],
      });
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
 * Reads a key list.
 *
 * @throws FlwrError naming file and flag: as parseKeyList, and not-found, permission-denied, resource-exhausted
 */
export async function readKeyList(named: NamedFile): Promise<KeyList> {
  return await parseKeyList(await readText(named, "Key list", MAX_KEY_LIST_BYTES), named);
}

/**
 * The text of a list with further keys at the end of its last row; what it held stays as it was.
 *
 * @param text the present list; "" for none
 * @param lines OpenSSH public keys to add
 * @param named the file, for errors
 */
export function extendKeyList(text: string, lines: readonly string[], named: NamedFile): string {
  const rows = parseRows(text, named).map(({ cells }) => cells);
  const last = rows.pop() ?? [];
  return stringify([...rows, [...last, ...lines]]);
}
