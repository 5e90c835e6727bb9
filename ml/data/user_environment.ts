/** The environment that determines where a user's files are. */
export interface UserEnvironment {
  /** The value of an environment variable, if it is set. */
  get(name: string): string | undefined;
  readonly os: typeof Deno.build.os;
}

/** This process's environment; variables without read permission count as unset. */
export const processEnvironment: UserEnvironment = {
  get: (name) => {
    try {
      return Deno.env.get(name);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) return undefined;
      throw error;
    }
  },
  os: Deno.build.os,
};
