import { FlwrError } from "../../../base/error.ts";
import { readPiece } from "../../../fab/attachments.ts";
import { sha256Hex } from "../../../base/platform.ts";
import type { LocalAttachment } from "../../../fab/fab.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { printMessage } from "../../output/print_line.ts";
import { formatBytes } from "../../../base/readable.ts";

/**
 * Sends an app's attachments to a SuperLink, before the bundle. Only the pieces that the SuperLink lacks are sent.
 *
 * @throws FlwrError "failed-precondition" if the SuperLink does not support attachments, or a file changes meanwhile
 */
export async function sendAttachments(
  control: Pick<ControlClient, "pushAttachment">,
  attachments: readonly LocalAttachment[],
): Promise<void> {
  if (attachments.length === 0) return;
  const missing = await control.pushAttachment(attachments.flatMap(({ pieces }) => pieces));
  if (missing === undefined) throw attachmentsUnsupported(attachments);
  const wanted = new Set(missing);
  for (const { path, file, size, pieces } of attachments) {
    let sent = 0;
    for (const [index, hash] of pieces.entries()) {
      if (!wanted.delete(hash)) continue;
      const piece = await readPiece(file, index);
      if (sha256Hex(piece) !== hash) throw changed(file);
      await control.pushAttachment([], piece);
      sent += piece.length;
    }
    printMessage(
      sent > 0
        ? `Sent attachment ${path}: ${formatBytes(sent)}`
        : `The SuperLink already has attachment ${path}: ${formatBytes(size)}`,
    );
  }
}

function attachmentsUnsupported(attachments: readonly LocalAttachment[]): FlwrError {
  const files = attachments.map(({ path, size }) => `${path} (${formatBytes(size)})`).join(", ");
  return new FlwrError(
    "failed-precondition",
    `Cannot send the app: this SuperLink accepts only bundles of up to 10 MiB, without ${files}`,
    { hints: ["Use this flwr's SuperLink: flwr superlink"] },
  );
}

function changed(file: string): FlwrError {
  return new FlwrError("failed-precondition", `"${file}" changed while it was being sent`, {
    hints: ["Run the command again"],
  });
}
