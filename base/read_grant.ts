/** What to do when an app that a run sent may not read its data: a hint of errors. */
export const READ_GRANT_HINT = "An app that a run sends may read its own folder only: " +
  "for other data start the SuperNode (of a ServerApp, the SuperLink) with --allow-read FOLDER";
