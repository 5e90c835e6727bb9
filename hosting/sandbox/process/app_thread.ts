/**
 * Starts a thread for code of an app. It may read the given paths, and has no other permission.
 *
 * @param module URL of the thread's module, one of the program's own
 * @param readable absolute paths of files and folders
 */
export function startAppThread(module: string, name: string, readable: readonly string[]): Worker {
  return new Worker(module, {
    type: "module",
    name,
    deno: {
      permissions: {
        read: [...readable],
        write: false,
        net: false,
        env: false,
        run: false,
        ffi: false,
        sys: false,
        import: false,
      },
    },
  });
}
