import { FlwrError } from "../../../base/error.ts";
import type { Side } from "./side.ts";
import { NEWEST_VERSION } from "./tables.ts";

/** Counts of rows that contradict others, by what is wrong. Each must be 0. */
const CHECKS: Readonly<Record<string, string>> = {
  "objects without bytes": `SELECT count(*) FROM object WHERE NOT EXISTS
    (SELECT 1 FROM object_bytes WHERE object_bytes.object_id = object.object_id)
      AND location IS NULL`,
  "bytes without their object": `SELECT count(*) FROM object_bytes WHERE NOT EXISTS
    (SELECT 1 FROM object WHERE object.object_id = object_bytes.object_id)`,
  "references of objects that are missing": `SELECT count(*) FROM object_child WHERE NOT EXISTS
    (SELECT 1 FROM object WHERE object_id = parent)`,
  "objects that count fewer references than other objects have to them":
    `SELECT count(*) FROM object WHERE refs <
      (SELECT count(*) FROM object_child WHERE child = object.object_id)`,
  "complete objects of which a part is missing": `SELECT count(*) FROM object_child
    JOIN object ON object.object_id = parent WHERE object.waits = 0 AND NOT EXISTS
      (SELECT 1 FROM object AS part WHERE part.object_id = child AND part.waits = 0)`,
  "open instructions without their object": `SELECT count(*) FROM instruction
    WHERE state IN ('waiting', 'handed-out') AND NOT EXISTS
      (SELECT 1 FROM object WHERE object_id = message_id AND waits = 0)`,
  "replies without their object": `SELECT count(*) FROM reply WHERE NOT EXISTS
    (SELECT 1 FROM object WHERE object_id = message_id AND waits = 0)`,
  "runs that need an app bundle that is missing": `SELECT count(*) FROM run
    WHERE fab_hash <> '' AND state NOT LIKE 'finished:%' AND NOT EXISTS
      (SELECT 1 FROM fab WHERE hash = fab_hash)`,
  "pieces of attachments without bytes": `SELECT count(*) FROM piece WHERE NOT EXISTS
    (SELECT 1 FROM piece_bytes WHERE piece_bytes.hash = piece.hash)`,
};

/**
 * Finds contradictions in a database.
 *
 * @returns one line for each kind, or none
 * @throws failed-precondition if the database has the tables of an earlier version
 */
export async function contradictions(side: Side): Promise<string[]> {
  if (side.version !== NEWEST_VERSION) {
    throw new FlwrError(
      "failed-precondition",
      `The database has schema ${side.version}, and this flwr checks schema ${NEWEST_VERSION}`,
      {
        hints: [
          "Check it with the flwr that wrote it",
          'Or back it up, then migrate it: "flwr database migrate"',
        ],
      },
    );
  }
  const found: string[] = [];
  for (const [what, sql] of Object.entries(CHECKS)) {
    const count = await side.count(sql);
    if (count > 0) found.push(`${count} ${what}`);
  }
  return found;
}
