import { FlwrError } from "../../base/error.ts";

/** Most characters of ONNX Runtime's message that are passed on. */
const MAX_WORDS = 300;

/** ONNX Runtime's message without source files and function names. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const status = text.split("Status Message: ").at(-1)!;
  // For "/onnxruntime_src/…/gather.cc:66 onnxruntime::Status onnxruntime::… indices element …": removes path and
  // signature.
  const bare = status.replace(/^\S+\.(?:cc|h|cpp):\d+ /, "").replace(
    /^[^:]*onnxruntime::[^)]*\) ?/,
    "",
  );
  return bare.split("\n")[0]!.trim().slice(0, MAX_WORDS);
}

/** The type of the operator that failed, from ONNX Runtime's message. */
function operatorOf(error: unknown): string | undefined {
  return /while running (\w+) node/.exec(error instanceof Error ? error.message : "")?.[1];
}

/** The error for a model that ONNX Runtime cannot open. */
export function openError(cause: unknown): FlwrError {
  if (cause instanceof FlwrError) return cause;
  return new FlwrError("unimplemented", `ONNX Runtime cannot run the network: ${wordsOf(cause)}`, {
    hints: ["If it was read from an ONNX file: export it with another opset, or as float32"],
    cause,
  });
}

/** The error for a run that failed in ONNX Runtime. */
export function runError(cause: unknown): FlwrError {
  if (cause instanceof FlwrError) return cause;
  const operator = operatorOf(cause);
  const where = operator === undefined ? "" : ` in "${operator}"`;
  return new FlwrError(
    "invalid-argument",
    `ONNX Runtime could not compute the network${where}: ${wordsOf(cause)}`,
    {
      hints: [
        "Check that the data fits the network: ranges of indices and classes, lengths of axes",
      ],
      cause,
    },
  );
}
