import { FlwrError } from "../../base/error.ts";
import type { GraphProto, ModelProto } from "./message/messages.ts";
import { MODEL } from "./message/types.ts";

/** Most nodes of a model: a hundred times as many as large networks have. */
export const MAX_NODES = 100_000;

/** Oldest and newest version of ONNX's operator set in files that we read. */
const READABLE_OPSETS = { oldest: 7, newest: 28 } as const;

/** Most bytes of a model file: protocol buffers cannot be larger (2 GiB). */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

/** A parsed model file with its graph and operator sets. */
export interface ReadModel {
  readonly model: ModelProto;
  readonly graph: GraphProto;
  /** Version of each operator set by its domain; ONNX's own domain is "". */
  readonly opsets: ReadonlyMap<string, number>;
}

/** First bytes of files that are often mistaken for ONNX files, and what to do with them. */
const OTHERS: readonly { readonly start: string; readonly is: string; readonly hint: string }[] = [
  {
    start: "version https://git-lfs",
    is: "a Git LFS pointer instead of the file",
    hint: "Fetch the file itself: git lfs pull",
  },
  {
    start: "PK\x03\x04",
    is: "a zip archive, such as a PyTorch checkpoint or a Keras model",
    hint: "Export the model with torch.onnx.export, or unpack the archive",
  },
  {
    start: "\x89HDF\r\n",
    is: "an HDF5 file, such as a Keras model",
    hint: "Export it with tf2onnx",
  },
  { start: "\x80\x02", is: "a Python pickle", hint: "Export the model as ONNX" },
  { start: "\x1f\x8b", is: "compressed with gzip", hint: "Unpack it: gunzip" },
  { start: "<", is: "a web page or XML", hint: "Download the file itself" },
];

/**
 * Refuses files of other formats that can be recognised.
 *
 * @throws FlwrError "invalid-argument" for files of other formats
 */
function refuseOthers(bytes: Uint8Array): void {
  const start = String.fromCharCode(...bytes.subarray(0, 32));
  // ONNX Runtime's own format and TensorFlow Lite's have their name at the fifth byte.
  const inside: Readonly<Record<string, string>> = {
    ORTM: "ONNX Runtime's own format",
    TFL3: "TensorFlow Lite",
  };
  const flat = inside[start.slice(4, 8)];
  const other = flat === undefined
    ? OTHERS.find((known) => start.startsWith(known.start))
    : { is: `in ${flat}`, hint: "Export the model as ONNX" };
  if (other === undefined) return;
  throw new FlwrError("invalid-argument", `The file is not an ONNX file: it is ${other.is}`, {
    hints: [other.hint],
  });
}

function decode(bytes: Uint8Array): ModelProto {
  refuseOthers(bytes);
  try {
    return MODEL.decode(bytes);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new FlwrError("data-loss", `The ONNX file is damaged or truncated: ${message}`, {
      cause,
    });
  }
}

/** The name of an operator domain: "ai.onnx", the long name of ONNX's own domain, becomes "". */
export function domainOf(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

function versionsOf(model: ModelProto): Map<string, number> {
  const versions = new Map<string, number>();
  for (const { domain, version } of model.opsetImport) {
    const name = domainOf(domain);
    versions.set(name, Math.max(Number(version), versions.get(name) ?? 0));
  }
  return versions;
}

/**
 * Parses the bytes of an ONNX file.
 *
 * @throws FlwrError "data-loss" when the bytes are not such a file, "unimplemented" when its operator set is too old or
 * too new, "resource-exhausted" when it is too large
 */
export function readModel(bytes: Uint8Array): ReadModel {
  if (bytes.length > MAX_MODEL_BYTES) {
    throw new FlwrError(
      "resource-exhausted",
      `The ONNX file has ${bytes.length} bytes: at most ${MAX_MODEL_BYTES} are supported`,
    );
  }
  const model = decode(bytes);
  const { graph } = model;
  if (graph === undefined || graph.output.length === 0) {
    throw new FlwrError("data-loss", "The file contains no ONNX graph with an output", {
      hints: ["Check that it is a complete .onnx file"],
    });
  }
  if (graph.node.length > MAX_NODES) {
    throw new FlwrError(
      "resource-exhausted",
      `The ONNX graph has ${graph.node.length} nodes: at most ${MAX_NODES} are supported`,
    );
  }
  const opsets = versionsOf(model);
  const version = opsets.get("");
  const { oldest, newest } = READABLE_OPSETS;
  if (version !== undefined && !(version >= oldest && version <= newest)) {
    throw new FlwrError(
      "unimplemented",
      `The ONNX file uses operator set ${version}: ${oldest} to ${newest} are supported`,
      { hints: ["Choose another opset_version when exporting, for example 17"] },
    );
  }
  return { model, graph, opsets };
}
