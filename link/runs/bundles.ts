import { FlwrError } from "../../base/error.ts";
import { sha256Hex } from "../../base/platform.ts";
import type { RunContext, RunEffects, RunTransaction } from "./context.ts";
import type { PieceRecord } from "./piece_table.ts";

/** See Runs.getFab. */
export function getFab(context: RunContext, hash: string): Promise<Uint8Array | undefined> {
  return context.transact("read-only", (tx) => tx.fabs.get(hash));
}

/** Removes a FAB whose last run has finished. A new run uploads it again. */
export async function releaseFab(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  hash: string,
): Promise<void> {
  if (hash === "" || await tx.runs.needsFab(hash)) return;
  await tx.fabs.remove(hash);
  await releasePieces(context, tx, effects, hash);
}

// Attachments are files of an app that are not in its FAB. They are uploaded before the FAB, in pieces identified by
// their hashes. There is no upload session: each piece is complete by itself. A piece is kept while a stored FAB needs
// it and for limits.sparePieceSeconds after, because the next run of the app, or of its next version, likely needs it
// again.

/** See Runs.keepPieces. */
export async function keepPieces(
  context: RunContext,
  hashes: readonly string[],
  content?: Uint8Array,
): Promise<string[]> {
  const { maxPieceBytes, maxNamedPieces } = context.limits;
  if (hashes.length > maxNamedPieces) {
    throw new FlwrError(
      "invalid-argument",
      `A call may name at most ${maxNamedPieces} pieces of attachments, not ${hashes.length}`,
    );
  }
  const strange = hashes.find((hash) => !/^[0-9a-f]{64}$/.test(hash));
  if (strange !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      `The hash of a piece must be a SHA-256 of 64 lower-case hexadecimal digits, not "${
        strange.slice(0, 100)
      }"`,
    );
  }
  if (content !== undefined && !(content.length >= 1 && content.length <= maxPieceBytes)) {
    throw new FlwrError(
      "invalid-argument",
      `A piece of an attachment must have from 1 to ${maxPieceBytes} bytes, not ${content.length}`,
    );
  }
  const hash = content && sha256Hex(content);
  return await context.transact("relaxed", async (tx, effects) => {
    if (content !== undefined) await add(context, tx, effects, hash!, content);
    const missing: string[] = [];
    for (const hash of hashes) {
      const piece = await tx.pieces.get(hash);
      if (piece === undefined) missing.push(hash);
      else if (piece.dueAt !== undefined) await spare(context, tx, effects, hash);
    }
    return missing;
  });
}

/** See Runs.getFabPiece. */
export function getFabPiece(
  context: RunContext,
  fabHash: string,
  hash: string,
): Promise<Uint8Array | undefined> {
  return context.transact(
    "read-only",
    async (tx) => await tx.pieces.isOf(fabHash, hash) ? await tx.pieces.bytes(hash) : undefined,
  );
}

/** Links a FAB that was just added to its pieces. @throws failed-precondition if a piece is missing */
export async function needPieces(
  tx: RunTransaction,
  fabHash: string,
  hashes: readonly string[],
): Promise<void> {
  for (const hash of hashes) {
    const piece = await tx.pieces.get(hash);
    if (piece === undefined) {
      throw new FlwrError(
        "failed-precondition",
        "The SuperLink lacks attachments of the app, which must be uploaded before the app",
        { hints: ["Submit the app's folder with: flwr run"] },
      );
    }
    await tx.pieces.need(fabHash, hash);
    if (piece.dueAt !== undefined) await tx.pieces.setDue(hash, undefined);
  }
}

/** Unlinks a removed FAB from its pieces. */
export async function releasePieces(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  fabHash: string,
): Promise<void> {
  const hashes = await tx.pieces.ofFab(fabHash);
  await tx.pieces.release(fabHash);
  for (const hash of hashes) {
    if (!await tx.pieces.isNeeded(hash)) await spare(context, tx, effects, hash);
  }
}

/** Removes a piece that no FAB has needed for limits.sparePieceSeconds. */
export async function handleDuePiece(
  _context: RunContext,
  tx: RunTransaction,
  _effects: RunEffects,
  { hash }: PieceRecord,
): Promise<void> {
  await tx.pieces.remove(hash);
}

async function add(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  hash: string,
  content: Uint8Array,
): Promise<void> {
  const { maxPieces, maxAttachedBytes, sparePieceSeconds } = context.limits;
  const known = await tx.pieces.get(hash);
  if (known !== undefined) {
    if (known.dueAt !== undefined) await spare(context, tx, effects, hash);
    return;
  }
  const { pieces, bytes } = await tx.pieces.total();
  if (pieces >= maxPieces || bytes + content.length > maxAttachedBytes) {
    throw new FlwrError(
      "resource-exhausted",
      `The SuperLink has no room for more attachments: it stores ${pieces} pieces with ${bytes} bytes; ` +
        `the limits are ${maxPieces} pieces and ${maxAttachedBytes} bytes`,
      {
        hints: [`Try again later: unused pieces are removed after ${sparePieceSeconds} s`],
      },
    );
  }
  const dueAt = context.clock.now() + sparePieceSeconds;
  await tx.pieces.add({ hash, size: content.length, dueAt }, content);
  effects.due(dueAt);
}

/** Restarts the time for which an unneeded piece is kept. */
async function spare(
  { clock, limits }: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  hash: string,
): Promise<void> {
  const dueAt = clock.now() + limits.sparePieceSeconds;
  await tx.pieces.setDue(hash, dueAt);
  effects.due(dueAt);
}
