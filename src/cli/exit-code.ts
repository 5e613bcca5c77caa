/** What the process exit code says. */
export const exitCode = {
  done: 0,
  checkFailed: 1,
  unusable: 2,
  partial: 3,
  interrupted: 130,
} as const;
