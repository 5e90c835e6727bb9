import { Sha256 } from "../../base/platform.ts";
import { type FileLine, MAX_LINE_BYTES } from "./line_reader.ts";
import { OWN_ACTIONS } from "./own_records.ts";
import { type ChainEnd, EMPTY_CHAIN, GENESIS, type ReadLine, readRecord } from "./record.ts";

/** What is wrong with a line. */
export type FaultKind =
  | "changed" // its hash is not that of its text
  | "removed" // records are missing before it
  | "moved" // it belongs elsewhere, or is there twice
  | "replaced" // it does not continue the line before, although the numbers do
  | "restarted" // a new chain begins
  | "begins-late" // the first records are missing
  | "no-record" // it is no record of an audit log
  | "torn"; // it is incomplete, and no record explains that

/** A fault of a log, at a line of a file. */
export interface AuditFault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly kind: FaultKind;
  /** A sentence for people, without a full stop. */
  readonly message: string;
}

/** Something that is explained and no fault. */
export type AuditNote = Omit<AuditFault, "kind">;

/** What is expected of a chain. */
export interface ChainExpectations {
  /** Hash of the record before the first one, if earlier files are archived; by default the chain begins here. */
  readonly before?: string;
  /** Whether new chains may begin in between, as on standard output with each start. */
  readonly allowsRestarts?: boolean;
  /** Hash of a record that must be there: proves that neither it nor a record before it was removed or rewritten. */
  readonly hash?: string;
}

/** Most faults, and most notes, that are kept. */
const MAX_KEPT = 1000;

const LINE_END = new Uint8Array([10]);

interface Place {
  readonly file: string;
  readonly line: number;
}

/**
 * Checks the lines of a chain, one after another.
 *
 * A fault is reported where the chain breaks. The check then goes on from there, so that one change is one fault or
 * two.
 */
export class ChainCheck {
  readonly faults: AuditFault[] = [];
  readonly notes: AuditNote[] = [];
  /** Number of all faults, of which {@link faults} has the first {@link MAX_KEPT}. */
  faultCount = 0;
  readonly #expected: ChainExpectations;
  #end: ChainEnd | undefined;
  #records = 0;
  #found: number | undefined;
  /** Lines that are no records. The next record may explain them. */
  #open: Place & { readonly hash: Sha256; lines: number; isEnded: boolean } | undefined;

  constructor(expected: ChainExpectations = {}) {
    this.#expected = expected;
  }

  /** Number of records that were read. */
  get records(): number {
    return this.#records;
  }

  /** The end of the chain so far. */
  get end(): ChainEnd {
    return this.#end ?? EMPTY_CHAIN;
  }

  /** Checks the next line. @param place its file, and its number from 1 */
  add({ bytes, isEnded }: FileLine, place: Place): void {
    const read = bytes.length < MAX_LINE_BYTES ? readRecord(decode(bytes)) : undefined;
    if (read === undefined) {
      this.#addOpen(bytes, isEnded, place);
      return;
    }
    this.#explainOpen(read);
    this.#records++;
    this.#checkPlace(read, place);
    if (!read.isWhole) {
      this.#report(place, "changed", `Record ${read.sequence} was changed after it was written`);
    }
    const { sequence, hash } = read;
    this.#end = { sequence, hash };
    if (hash === this.#expected.hash && read.isWhole) this.#found = sequence;
    this.#tell(read, place);
  }

  /** Number of the record with the expected hash. */
  get found(): number | undefined {
    return this.#found;
  }

  /** Ends the check. @returns whether there are no faults */
  finish(): boolean {
    this.#reportOpen();
    return this.faultCount === 0;
  }

  #checkPlace({ sequence, previous }: ReadLine, place: Place): void {
    const end = this.#end ?? this.#startOf(sequence);
    if (sequence === 1 && previous === GENESIS) {
      if (this.#end === undefined && this.#expected.before === undefined) return;
      if (this.#end !== undefined && this.#expected.allowsRestarts) return;
    }
    if (previous === end.hash && sequence === end.sequence + 1) return;
    this.#report(place, ...faultOf(sequence, previous, end, this.#end === undefined));
  }

  /** What should precede the first record. */
  #startOf(sequence: number): ChainEnd {
    const { before } = this.#expected;
    return before === undefined ? EMPTY_CHAIN : { sequence: sequence - 1, hash: before };
  }

  /** Tells of records about the log itself. */
  #tell({ record: { event, detail } }: ReadLine, place: Place): void {
    const { omitted, kind, refused, lost } = detail ?? {};
    if (event.action === OWN_ACTIONS.omitted) {
      this.#note(place, `${omitted} calls (${kind}) were not listed in this minute`);
    }
    if (event.action === OWN_ACTIONS.resumed) {
      this.#note(
        place,
        "The log could not be written before this record: " +
          `${refused} acts were refused, and ${lost} outcomes are missing`,
      );
    }
  }

  #addOpen(bytes: Uint8Array<ArrayBuffer>, isEnded: boolean, place: Place): void {
    // Lines of two files are not one piece.
    if (this.#open?.file !== place.file) this.#reportOpen();
    const open = this.#open ??= { ...place, hash: new Sha256(), lines: 0, isEnded };
    if (open.lines > 0) open.hash.update(LINE_END);
    open.hash.update(bytes);
    open.lines++;
    open.isEnded = isEnded;
  }

  #explainOpen({ isWhole, record: { event, detail } }: ReadLine): void {
    const open = this.#open;
    if (open === undefined) return;
    const isExplained = open.isEnded && isWhole && event.action === OWN_ACTIONS.torn &&
      detail?.["sha256"] === open.hash.hex();
    if (!isExplained) return this.#reportOpen();
    this.#open = undefined;
    this.#note(
      open,
      "The line is incomplete: the SuperLink was killed while it wrote it, as it recorded after its restart",
    );
  }

  #reportOpen(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    const { line, lines, isEnded } = open;
    const last = line + lines - 1;
    const message = lines === 1
      ? "The line is not a record of an audit log"
      : `Lines ${line} to ${last} are not records of an audit log`;
    if (isEnded) return this.#report(open, "no-record", message);
    this.#report(
      open,
      "torn",
      "The last line is incomplete: its end was removed, or the SuperLink was killed, or is writing now. " +
        "If it was killed, it records that at its next start",
    );
  }

  #note({ file, line }: Place, message: string): void {
    if (this.notes.length < MAX_KEPT) this.notes.push({ file, line, message });
  }

  #report({ file, line }: Place, kind: FaultKind, message: string): void {
    this.faultCount++;
    if (this.faults.length < MAX_KEPT) this.faults.push({ file, line, kind, message });
  }
}

function faultOf(
  sequence: number,
  previous: string,
  end: ChainEnd,
  isFirst: boolean,
): [FaultKind, string] {
  if (isFirst) {
    return [
      "begins-late",
      `The log begins with record ${sequence}, which follows the hash ${previous}. ` +
      "Check the earlier files too, or name the last hash of the archived ones (--expect-first)",
    ];
  }
  if (sequence === 1 && previous === GENESIS) {
    return [
      "restarted",
      `A new chain begins after record ${end.sequence}: what was between them cannot be known (--allow-restarts accepts that)`,
    ];
  }
  if (sequence > end.sequence + 1) {
    const count = sequence - end.sequence - 1;
    return [
      "removed",
      `${count} ${count === 1 ? "record is" : "records are"} missing before record ${sequence}`,
    ];
  }
  if (sequence <= end.sequence) {
    return [
      "moved",
      `Record ${sequence} comes after record ${end.sequence}: it was moved, copied or inserted`,
    ];
  }
  return [
    "replaced",
    `Record ${sequence} does not continue record ${end.sequence}: one of the two was replaced`,
  ];
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
