/** How the ServerApps of submitted apps are run. */
export interface LaunchConfig {
  /** The Python whose flwr runs Python apps; undefined: the one on PATH. */
  readonly python?: string;
  /** Whether Python apps may install packages. */
  readonly installDependencies: boolean;
  /** Folders that TypeScript apps may read beside their own; absolute. */
  readonly allowRead: readonly string[];
  /** How many run at the same time. */
  readonly concurrent: number;
}
