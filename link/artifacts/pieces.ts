import { artifactNameFault, artifactNamesClash } from "../../base/artifact_name.ts";
import { FlwrError } from "../../base/error.ts";
import { crc32, Sha256 } from "../../base/platform.ts";
import { noteProgress } from "../runs/interrupt.ts";
import { requireRun } from "../runs/run_records.ts";
import { takesMessages } from "../../entities/run.ts";
import type { ArtifactRecord } from "./artifact_table.ts";
import {
  type ArtifactKind,
  type ArtifactPiece,
  type CheckpointPiece,
  type LinkArtifact,
  RELEASES_SUFFIX,
} from "../../entities/artifact.ts";
import type { ArtifactContext, ArtifactLimits, ArtifactTransaction } from "./context.ts";

// Each piece of an artifact is stored in its own transaction. After the last piece, the SuperLink reads all pieces to
// compute the file's hash. Only then is the artifact complete, and replaces an earlier one with the same name. So
// readers never see a partial file, and a client can repeat a piece whose response was lost, even after a restart.

/** Names of the kinds of artifacts in error messages. */
const NAMES: ReadonlyMap<ArtifactKind, string> = new Map([
  ["artifact", "Artifact"],
  ["checkpoint", "Checkpoint"],
]);

/** See Artifacts.putPiece. */
export async function putArtifactPiece(
  context: ArtifactContext,
  runId: bigint,
  piece: ArtifactPiece,
): Promise<boolean> {
  checkPiece(context.limits, piece);
  const placed = await context.transact("relaxed", (tx) => placePiece(context, tx, runId, piece));
  if (placed.received < placed.size) return false;
  if (placed.sha256 === undefined) await complete(context, placed);
  return true;
}

/** See Artifacts.list. */
export function listArtifacts(context: ArtifactContext, runId: bigint): Promise<LinkArtifact[]> {
  return context.transact("read-only", async (tx) => {
    await requireRun(tx, runId);
    const artifacts = await tx.artifacts.ofRun(runId);
    return artifacts.flatMap(({ kind, sha256, artifactId, name, size, crc32, savedAt }) =>
      kind !== "artifact" || sha256 === undefined
        ? []
        : [{ artifactId, name, size, crc32, sha256, savedAt }]
    );
  });
}

/** See Artifacts.readPiece. */
export function readArtifactPiece(
  context: ArtifactContext,
  artifactId: bigint,
  offset: number,
): Promise<Uint8Array | undefined> {
  return context.transact("read-only", (tx) => tx.artifacts.piece(artifactId, offset));
}

/** See Artifacts.readCheckpoint. */
export function readCheckpoint(
  context: ArtifactContext,
  runId: bigint,
  name: string,
  offset: number,
): Promise<CheckpointPiece | undefined> {
  return context.transact("read-only", async (tx) => {
    const { resumedFrom } = await requireRun(tx, runId);
    const all = await checkpointsOf(tx, runId);
    // A run that was interrupted in its first round has saved its releases only: its model is that of the run before.
    for (let earlier = resumedFrom; earlier !== undefined;) {
      const saved = await checkpointsOf(tx, earlier);
      all.push(...saved);
      if (saved.some(hasModel)) break;
      earlier = (await tx.runs.get(earlier))?.resumedFrom;
    }
    const found = all.find((checkpoint) => checkpoint.name === name);
    if (resumedFrom !== undefined && !all.some(hasModel)) {
      throw new FlwrError(
        "failed-precondition",
        `The checkpoints of run ${resumedFrom}, which this run resumes, were removed`,
        { hints: ["Start a new run without --resume"] },
      );
    }
    const bytes = found && await tx.artifacts.piece(found.artifactId, offset);
    return bytes && { size: found.size, bytes };
  });
}

/** The complete checkpoints of a run; none if there is no such run. */
export async function checkpointsOf(
  tx: Pick<ArtifactTransaction, "artifacts">,
  runId: bigint,
): Promise<ArtifactRecord[]> {
  const all = await tx.artifacts.ofRun(runId);
  return all.filter(({ kind, sha256 }) => kind === "checkpoint" && sha256 !== undefined);
}

/** Whether a checkpoint is what a run goes on from, and not only what it released. */
export function hasModel({ name }: Pick<ArtifactRecord, "name">): boolean {
  return !name.endsWith(RELEASES_SUFFIX);
}

/** Removes a run's artifacts. Must happen before the run is removed. */
export async function removeArtifacts(tx: ArtifactTransaction, runId: bigint): Promise<void> {
  for (const { artifactId } of await tx.artifacts.ofRun(runId)) {
    await tx.artifacts.remove(artifactId);
  }
}

/**
 * Removes the incomplete artifacts of a run that ends.
 *
 * @returns total size of the complete ones, in bytes
 */
export async function dropUnfinishedArtifacts(
  tx: ArtifactTransaction,
  runId: bigint,
): Promise<number> {
  let kept = 0;
  for (const { artifactId, sha256, size } of await tx.artifacts.ofRun(runId)) {
    if (sha256 === undefined) await tx.artifacts.remove(artifactId);
    else kept += size;
  }
  return kept;
}

/** Checks a piece without the store. @throws invalid-argument */
function checkPiece(
  { maxArtifactPieceBytes: most, minArtifactPieceBytes: least }: ArtifactLimits,
  { kind, name, size, offset, bytes }: ArtifactPiece,
): void {
  if (!NAMES.has(kind ?? "artifact")) throw new TypeError(`No such kind: ${kind}`);
  const fault = artifactNameFault(name);
  if (fault !== undefined) {
    throw new FlwrError("invalid-argument", `Artifact "${name.slice(0, 200)}" ${fault}`);
  }
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new FlwrError(
      "invalid-argument",
      `The size of artifact "${name}" must be a whole number of bytes, not ${size}`,
    );
  }
  const end = offset + bytes.length;
  if (!Number.isSafeInteger(offset) || offset < 0 || end > size) {
    throw new FlwrError(
      "invalid-argument",
      `A piece of artifact "${name}" exceeds its size of ${size} bytes: ` +
        `it has ${bytes.length} bytes at offset ${offset}`,
    );
  }
  if (bytes.length <= most && (bytes.length >= least || end === size)) return;
  throw new FlwrError(
    "invalid-argument",
    `A piece of artifact "${name}" has ${bytes.length} bytes: ` +
      `each piece except the last must have from ${least} to ${most}`,
  );
}

/** Stores a piece of an artifact. @returns the updated artifact */
async function placePiece(
  context: ArtifactContext,
  tx: ArtifactTransaction,
  runId: bigint,
  piece: ArtifactPiece,
): Promise<ArtifactRecord> {
  const { kind = "artifact", name, size, offset, bytes } = piece;
  const { state } = await requireRun(tx, runId);
  if (!takesMessages(state)) {
    throw new FlwrError(
      "failed-precondition",
      `${NAMES.get(kind)} "${name}" cannot be saved: run "${runId}" is ${state}, not running`,
    );
  }
  const all = (await tx.artifacts.ofRun(runId)).filter((artifact) => artifact.kind === kind);
  const known = all.filter((artifact) => artifact.name === name);
  const upload = known.find(({ sha256 }) => sha256 === undefined);
  if (offset === 0) {
    if (upload !== undefined) await tx.artifacts.remove(upload.artifactId);
    checkRoom(context.limits, all, piece);
    return await addPiece(context, tx, {
      artifactId: await freshId(context, tx),
      runId,
      kind,
      name,
      size,
      received: 0,
      crc32: 0,
      savedAt: 0,
    }, bytes);
  }
  if (upload?.size === size && upload.received === offset) {
    return await addPiece(context, tx, upload, bytes);
  }
  for (const artifact of known) {
    if (artifact.size === size && await hasPiece(tx, artifact, piece)) return artifact;
  }
  throw new FlwrError(
    "failed-precondition",
    `A piece of artifact "${name}" does not follow the previous one: it is at offset ${offset} of ` +
      `${size} bytes, but ${upload?.received ?? 0} of ${upload?.size ?? 0} were received`,
  );
}

/** Whether the piece is already stored. */
async function hasPiece(
  tx: ArtifactTransaction,
  { artifactId }: ArtifactRecord,
  { offset, bytes }: ArtifactPiece,
): Promise<boolean> {
  const stored = await tx.artifacts.piece(artifactId, offset);
  return stored?.length === bytes.length && stored.every((byte, place) => byte === bytes[place]);
}

async function addPiece(
  { clock }: ArtifactContext,
  tx: ArtifactTransaction,
  artifact: ArtifactRecord,
  bytes: Uint8Array,
): Promise<ArtifactRecord> {
  const { artifactId, received } = artifact;
  const grown: ArtifactRecord = {
    ...artifact,
    received: received + bytes.length,
    crc32: crc32(bytes, artifact.crc32),
    savedAt: clock.now(),
  };
  await tx.artifacts.put(grown);
  if (bytes.length > 0) await tx.artifacts.addPiece(artifactId, received, bytes);
  return grown;
}

/** Checks that an artifact fits into the limits of a run, and that its name does not clash with another. */
function checkRoom(
  limits: ArtifactLimits,
  all: readonly ArtifactRecord[],
  { kind = "artifact", name, size }: ArtifactPiece,
): void {
  const [most, mostBytes] = kind === "artifact"
    ? [limits.maxArtifactsPerRun, limits.maxArtifactBytesPerRun]
    : [limits.maxCheckpointsPerRun, limits.maxCheckpointBytesPerRun];
  const what = `${NAMES.get(kind)} "${name}"`;
  const others = all.filter((artifact) => artifact.name !== name);
  const clash = others.find((artifact) => artifactNamesClash(artifact.name, name));
  if (clash !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      `${what} cannot be saved together with "${clash.name}": some file systems treat the names as one`,
    );
  }
  const names = new Set(others.map((artifact) => artifact.name));
  if (names.size >= most) {
    throw new FlwrError(
      "resource-exhausted",
      `${what} exceeds the limit of ${most} ${kind}s per run`,
    );
  }
  const total = others.reduce((sum, artifact) => sum + artifact.size, size);
  if (total <= mostBytes) return;
  throw new FlwrError(
    "resource-exhausted",
    `${what} is too large: it brings the run's ${kind}s to ${total} bytes; ` +
      `the limit is ${mostBytes}`,
  );
}

/** Computes the hash of an artifact whose pieces are all stored, and makes it visible. */
async function complete(
  context: ArtifactContext,
  { artifactId, runId, kind, name, size }: ArtifactRecord,
): Promise<void> {
  const hash = new Sha256();
  for (let offset = 0; offset < size;) {
    const bytes = await readArtifactPiece(context, artifactId, offset);
    if (bytes === undefined) throw gone(name);
    hash.update(bytes);
    offset += bytes.length;
  }
  const sha256 = hash.hex();
  await context.transact("durable", async (tx, effects) => {
    const artifact = await tx.artifacts.get(artifactId);
    if (artifact === undefined) throw gone(name);
    // The last piece was sent twice at the same time.
    if (artifact.sha256 !== undefined) return;
    for (const other of await tx.artifacts.ofRun(runId)) {
      if (other.kind === kind && other.name === name && other.artifactId !== artifactId) {
        await tx.artifacts.remove(other.artifactId);
      }
    }
    await tx.artifacts.put({ ...artifact, sha256 });
    if (kind === "artifact") effects.emit({ kind: "artifact-saved", runId, name, size });
    else if (hasModel({ name })) {
      await noteProgress(tx, runId);
      effects.emit({ kind: "checkpoint-saved", runId });
    }
  });
}

function gone(name: string): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `The upload of artifact "${name}" was discarded: its run ended, or the upload was restarted`,
  );
}

async function freshId({ random }: ArtifactContext, tx: ArtifactTransaction): Promise<bigint> {
  let id = random.uint64();
  while (id === 0n || await tx.artifacts.get(id) !== undefined) id = random.uint64();
  return id;
}
