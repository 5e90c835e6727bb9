"""The same as the apps in TypeScript, as a user of Python writes it."""
