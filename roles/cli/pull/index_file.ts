import { artifactNameFault, artifactNamesClash } from "../../../base/artifact_name.ts";
import { FlwrError } from "../../../base/error.ts";
import { printable } from "../../../base/printable.ts";
import { fieldsOf, integerOf, listOf, textOf } from "../../../base/untrusted.ts";

/** Maximum number of artifacts in a list. */
const MAX_LISTED_ARTIFACTS = 10_000;

/** An artifact in the list. */
export interface ListedArtifact {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads and checks the list of a run's artifacts: valid relative paths that do not conflict with each other.
 *
 * @throws FlwrError "data-loss" naming the fault
 */
export function readIndex(bytes: Uint8Array): ListedArtifact[] {
  try {
    const index = fieldsOf(JSON.parse(new TextDecoder().decode(bytes)), "The list");
    const artifacts = listOf(index["artifacts"], "Artifacts", MAX_LISTED_ARTIFACTS).map(artifactOf);
    for (const [place, { name }] of artifacts.entries()) {
      const other = artifacts.slice(0, place).find((before) =>
        before.name === name || artifactNamesClash(before.name, name)
      );
      if (other !== undefined) {
        throw new FlwrError(
          "data-loss",
          `"${name}" and "${other.name}" are the same file on some systems`,
        );
      }
    }
    return artifacts;
  } catch (cause) {
    const words = cause instanceof FlwrError ? cause.message : "it is not JSON";
    throw new FlwrError("data-loss", `The SuperLink's list of artifacts is invalid: ${words}`, {
      cause,
    });
  }
}

function artifactOf(value: unknown): ListedArtifact {
  const { name, size, sha256 } = fieldsOf(value, "Artifact");
  const text = textOf(name, "Name", Infinity);
  const fault = artifactNameFault(text);
  if (fault !== undefined) {
    throw new FlwrError("data-loss", `"${printable(text.slice(0, 200))}" ${fault}`);
  }
  const hash = textOf(sha256, "SHA-256", 64);
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new FlwrError("data-loss", `"${text}" has no SHA-256`);
  return { name: text, size: integerOf(size, "Size", 0, Number.MAX_SAFE_INTEGER), sha256: hash };
}
