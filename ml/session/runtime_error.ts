import { FlwrError } from "../../base/error.ts";

/** Most characters of ONNX Runtime's own words that are passed on. */
const MAX_WORDS = 300;

/** What ONNX Runtime says without its source files and function names. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const status = text.split("Status Message: ").at(-1)!;
  // "/onnxruntime_src/…/gather.cc:66 onnxruntime::Status onnxruntime::… indices element …": paths and signatures go.
  const bare = status.replace(/^\S+\.(?:cc|h|cpp):\d+ /, "").replace(
    /^[^:]*onnxruntime::[^)]*\) ?/,
    "",
  );
  return bare.split("\n")[0]!.trim().slice(0, MAX_WORDS);
}

/** The operator that failed, as ONNX Runtime names it. */
function operatorOf(error: unknown): string | undefined {
  return /while running (\w+) node/.exec(error instanceof Error ? error.message : "")?.[1];
}

/** The error for a model that ONNX Runtime does not open. */
export function openError(cause: unknown): FlwrError {
  if (cause instanceof FlwrError) return cause;
  return new FlwrError("unimplemented", `ONNX Runtime cannot run the network: ${wordsOf(cause)}`, {
    hints: ["If it was read from an ONNX file: export it with another opset, or as float32"],
    cause,
  });
}

/** The error for a run that ONNX Runtime gave up. */
export function runError(cause: unknown): FlwrError {
  if (cause instanceof FlwrError) return cause;
  const operator = operatorOf(cause);
  const where = operator === undefined ? "" : ` in "${operator}"`;
  return new FlwrError(
    "invalid-argument",
    `ONNX Runtime could not compute the network${where}: ${wordsOf(cause)}`,
    {
      hints: ["Compare the data with what the network is made for: indices and classes, lengths"],
      cause,
    },
  );
}
