/** What decides where a user's files lie. */
export interface UserEnvironment {
  /** The value of an environment variable, if it is set. */
  get(name: string): string | undefined;
  readonly os: typeof Deno.build.os;
}

/** This process's environment; a variable that may not be read counts as unset. */
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
