/** Fewest characters of a password; a test compares it with the server's API document. */
export const MIN_PASSWORD = 10
