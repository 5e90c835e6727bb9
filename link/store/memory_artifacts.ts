import type { ArtifactRecord, ArtifactTable } from "../artifacts/artifact_table.ts";
import type { Journal } from "./journal.ts";
import { Multimap } from "./multimap.ts";

/** The artifacts of an in-memory store. */
export class ArtifactMap {
  readonly byId = new Map<bigint, ArtifactRecord>();
  readonly ofRun = new Multimap<bigint, bigint>();
  /** The pieces of each artifact, by offset. */
  readonly pieces = new Map<bigint, Map<number, Uint8Array>>();
}

/** {@link ArtifactTable} in memory, for one transaction. */
export class MemoryArtifacts implements ArtifactTable {
  readonly #map: ArtifactMap;
  readonly #journal: Journal;

  constructor(map: ArtifactMap, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  get(artifactId: bigint): Promise<ArtifactRecord | undefined> {
    return Promise.resolve(this.#map.byId.get(artifactId));
  }

  ofRun(runId: bigint): Promise<ArtifactRecord[]> {
    const artifacts = [...this.#map.ofRun.of(runId)].map((id) => this.#map.byId.get(id)!);
    return Promise.resolve(artifacts.sort((a, b) => a.name < b.name ? -1 : 1));
  }

  put(artifact: ArtifactRecord): Promise<void> {
    const { artifactId, runId } = artifact;
    if (!this.#map.byId.has(artifactId)) {
      this.#map.ofRun.add(this.#journal, runId, artifactId);
      this.#journal.set(this.#map.pieces, artifactId, new Map());
    }
    this.#journal.set(this.#map.byId, artifactId, artifact);
    return Promise.resolve();
  }

  remove(artifactId: bigint): Promise<void> {
    const artifact = this.#map.byId.get(artifactId);
    if (artifact === undefined) return Promise.resolve();
    this.#map.ofRun.remove(this.#journal, artifact.runId, artifactId);
    this.#journal.delete(this.#map.pieces, artifactId);
    this.#journal.delete(this.#map.byId, artifactId);
    return Promise.resolve();
  }

  addPiece(artifactId: bigint, offset: number, bytes: Uint8Array): Promise<void> {
    // Copied, because the piece can be a view of a larger request, which would stay in memory with it.
    this.#journal.set(this.#map.pieces.get(artifactId)!, offset, new Uint8Array(bytes));
    return Promise.resolve();
  }

  piece(artifactId: bigint, offset: number): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#map.pieces.get(artifactId)?.get(offset));
  }
}
