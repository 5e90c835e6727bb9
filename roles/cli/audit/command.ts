import { Command, InvalidArgumentError } from "commander";
import { FlwrError } from "../../../base/error.ts";
import { verifyFiles } from "../../audit/verify_files.ts";
import type { ChainCheck } from "../../audit/verify.ts";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";
import { printLine } from "../../output/print_line.ts";

/** Most faults, and most notes, that are printed. */
const MAX_PRINTED = 20;

/** Flags of `audit verify`, as commander parses them. */
interface VerifyFlags {
  readonly expectLast?: string;
  readonly expectFirst?: string;
  readonly allowRestarts: boolean;
  readonly format: OutputFormat;
}

const EXPLANATION = `
Each record contains the hash of the one before. So the command notices a record that was changed, removed, moved or
inserted, and names its line. It cannot notice two things by the files alone: that records were removed at the end, and
that someone computed all hashes anew. Keep the last hash on another machine, and pass it later with --expect-last: the
record with this hash must be in the log. The SuperLink also writes the last hash to its own log when it starts and
stops.

The exit status is 0 if everything is in order, and 1 otherwise.

Examples:
  flwr audit verify audit.log
  flwr audit verify audit.log.* audit.log   (once the log has been rotated)
  flwr audit verify --expect-last 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 audit.log
`;

/** The `audit` command. */
export function command(): Command {
  return new Command("audit")
    .description("Check a SuperLink's audit log.")
    .addCommand(verifyCommand())
    .addHelpText("after", "\nExample:\n  flwr audit verify audit.log\n");
}

function verifyCommand(): Command {
  return new Command("verify")
    .description("Check that no record of an audit log was changed, removed or moved.")
    .argument("<files...>", 'files of one audit log, oldest first; "-" is standard input')
    .option(
      "--expect-last <hash>",
      "hash that was printed earlier; its record must be in the log (default: none)",
      hash,
    )
    .option(
      "--expect-first <hash>",
      "the last hash in the archived files, if the first file given continues an archived log (default: the log begins with its first record)",
      hash,
    )
    .option(
      "--allow-restarts",
      "accept new chains of hashes within the log; a log on standard output begins a new chain each time the SuperLink starts",
      false,
    )
    .addOption(formatOption())
    .addHelpText("after", EXPLANATION)
    .action(async (files: string[], flags: VerifyFlags) => {
      await printOutput(flags.format, async () => {
        const check = await verifyFiles(files, {
          allowsRestarts: flags.allowRestarts,
          ...(flags.expectFirst !== undefined && { before: flags.expectFirst }),
          ...(flags.expectLast !== undefined && { hash: flags.expectLast }),
        });
        return outputOf(check, flags);
      });
    });
}

function hash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError("It must be a hash: 64 hexadecimal digits.");
}

/** @throws FlwrError "data-loss" if something is wrong */
function outputOf(check: ChainCheck, { expectLast, format }: VerifyFlags): Output {
  const { faults, faultCount, notes, records, end, found } = check;
  const place = ({ file, line, message }: { file: string; line: number; message: string }) =>
    `${file}:${line}: ${message}`;
  if (format !== "json") {
    for (const fault of faults.slice(0, MAX_PRINTED)) printLine(place(fault));
    const more = faultCount - MAX_PRINTED;
    if (more > 0) printLine(`… and ${more} more`);
  }
  if (faultCount > 0) {
    throw new FlwrError(
      "data-loss",
      `The audit log is not in order: ${faultCount} ${
        faultCount === 1 ? "fault" : "faults"
      }, the first at ${place(faults[0]!)}`,
    );
  }
  if (records === 0) throw new FlwrError("data-loss", "The audit log has no records");
  if (expectLast !== undefined && found === undefined) {
    throw new FlwrError(
      "data-loss",
      `No record has the hash ${expectLast}: the end of the audit log was removed, or all of it was written anew`,
      { hints: ["Check that the files are those of this SuperLink, and complete"] },
    );
  }
  const after = found === undefined ? 0 : end.sequence - found;
  return {
    json: { records, "last-sequence": end.sequence, "last-hash": end.hash, notes },
    lines: [
      ...notes.slice(0, MAX_PRINTED).map(place),
      ...(notes.length > MAX_PRINTED
        ? [`… and ${notes.length - MAX_PRINTED} more such lines`]
        : []),
      `${records} ${records === 1 ? "record is" : "records are"} in order`,
      ...(found === undefined ? [] : [`Record ${found} has the expected hash; ${after} follow`]),
      `Last hash, of record ${end.sequence}: ${end.hash}`,
      ...(found === undefined
        ? ["Whether records are missing at the end shows only a hash from before: --expect-last"]
        : []),
    ],
  };
}
