import { FlwrError } from "../../base/error.ts";
import { ConfigRecord } from "../config_record.ts";
import { RecordDict } from "../record_dict.ts";

/** Version of the records. */
const VERSION = 1;

const ABOUT = "releases";
/** Prefix of the strategy's records. */
const COUNTED = "counted/";

// Why no release is forgotten. A strategy that counts releases does, in this order: it counts the release, saves the count
// here and waits until it is durable, and only then makes the release: draws the noise, or asks for the shares that
// reveal a sum. Everything that follows from the release comes later: the inner strategy, callbacks, instructions, the
// checkpoint. So wherever the process ends, each release that anything outside of it can know of is in the last saved
// count. A resumed run takes this count if it is of a later round than its checkpoint. Otherwise the checkpoint was saved
// after the release, and has it. A training that ended between the count and its checkpoint is repeated and counts twice,
// which is too much at most by its own release.

/** What a strategy had counted when it released something. */
export interface ReleasesCheckpoint {
  /** Name of the strategy. */
  readonly strategy: string;
  /** The round of the release, from 1. */
  readonly round: number;
  /** What the strategy counts, with this release. */
  readonly releases: RecordDict;
}

/** Converts counted releases to records. */
export function releasesToRecords(
  { strategy, round, releases }: ReleasesCheckpoint,
): RecordDict {
  return new RecordDict([
    [ABOUT, new ConfigRecord({ version: VERSION, strategy, round })],
    ...[...releases].map(([name, record]) => [COUNTED + name, record] as const),
  ]);
}

/**
 * Reads the records of {@link releasesToRecords}.
 *
 * @throws FlwrError "failed-precondition" for records of another version; "data-loss" for malformed ones
 */
export function releasesFromRecords(records: RecordDict): ReleasesCheckpoint {
  const about = records.configRecords.get(ABOUT);
  const version = about?.get("version");
  if (about === undefined || version === undefined) {
    throw new FlwrError("data-loss", "The saved privacy loss is damaged", {
      hints: ["Start a new run, without a checkpoint, and count the releases of this one"],
    });
  }
  if (version !== VERSION) {
    throw new FlwrError(
      "failed-precondition",
      `The saved privacy loss has version ${version}, but this program reads version ${VERSION}`,
      { hints: ["Resume with the version of flwr that saved it"] },
    );
  }
  const releases = [...records].filter(([name]) => name.startsWith(COUNTED))
    .map(([name, record]) => [name.slice(COUNTED.length), record] as const);
  return {
    strategy: about.string("strategy"),
    round: about.number("round"),
    releases: new RecordDict(releases),
  };
}
