import { FlwrError } from "../../base/error.ts";
import { sha256Hex } from "../../base/platform.ts";
import type { RunContext, RunEffects, RunTransaction } from "./context.ts";
import type { PieceRecord } from "./piece_table.ts";

/** See Runs.getFab. */
export function getFab(context: RunContext, hash: string): Promise<Uint8Array | undefined> {
  return context.transact("relaxed", (tx) => tx.fabs.get(hash));
}

/** Lets go of a FAB whose last run has finished: whoever wants to run it again brings it. */
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

// Files of an app that are not in its bundle come before the bundle, in pieces that are known by their hashes. A piece
// counts once it is there: nothing is under way between two calls. It stays while a bundle of the store needs it, and
// limits.sparePieceSeconds after: the next run of the app, or of its next version, most likely needs it again.

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
      `A call may name ${maxNamedPieces} pieces of attachments, not ${hashes.length}`,
    );
  }
  const strange = hashes.find((hash) => !/^[0-9a-f]{64}$/.test(hash));
  if (strange !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      `A piece is named by its SHA-256, 64 lower-case hexadecimal digits, not "${
        strange.slice(0, 100)
      }"`,
    );
  }
  if (content !== undefined && !(content.length >= 1 && content.length <= maxPieceBytes)) {
    throw new FlwrError(
      "invalid-argument",
      `A piece of an attachment has from 1 to ${maxPieceBytes} bytes, not ${content.length}`,
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
    "relaxed",
    async (tx) => await tx.pieces.isOf(fabHash, hash) ? await tx.pieces.bytes(hash) : undefined,
  );
}

/** A bundle that has just been added needs these pieces. @throws failed-precondition when one is not there */
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
        "Not all attachments of the app are at the SuperLink: they come before the app does",
        { hints: ["Submit the app's folder with: flwr run"] },
      );
    }
    await tx.pieces.need(fabHash, hash);
    if (piece.dueAt !== undefined) await tx.pieces.setDue(hash, undefined);
  }
}

/** A bundle that is removed needs no pieces any more. */
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

/** Removes a piece that nothing has needed for long enough. */
export async function settleDuePiece(
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
      `The SuperLink has no room for more attachments: it has ${pieces} pieces with ${bytes} bytes, ` +
        `and keeps up to ${maxPieces} with ${maxAttachedBytes}`,
      {
        hints: [`Try again later: those that no run needs go after ${sparePieceSeconds} s`],
      },
    );
  }
  const dueAt = context.clock.now() + sparePieceSeconds;
  await tx.pieces.add({ hash, size: content.length, dueAt }, content);
  effects.due(dueAt);
}

/** Nothing needs the piece for now. */
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
