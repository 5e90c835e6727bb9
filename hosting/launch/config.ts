/** Settings for running the ServerApps of submitted runs. */
export interface LaunchConfig {
  /** The Python whose `flwr-serverapp` runs Python apps. "none": they are refused. Undefined: the one on PATH. */
  readonly python?: string;
  /** Whether Python apps may install packages. */
  readonly installDependencies: boolean;
  /** Absolute paths of folders that TypeScript apps may read in addition to their own. */
  readonly allowRead: readonly string[];
  /** Most ServerApps that run at the same time. */
  readonly concurrent: number;
}
