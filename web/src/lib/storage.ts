/** localStorage that never throws: a browser may refuse it, the app must still run. */
export const storage = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(`trustcart.${key}`)
    } catch {
      return null
    }
  },
  set(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(`trustcart.${key}`)
      else localStorage.setItem(`trustcart.${key}`, value)
    } catch {
      // The value lives on in memory only.
    }
  },
}
