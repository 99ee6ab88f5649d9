import { latinDigits } from '~/lib/format'

const words = (text: string) =>
  latinDigits(text.normalize('NFC').toLowerCase())
    .split(/[\s·,()/-]+/)
    .filter(Boolean)

/** Whether each word of the query begins a word of the texts, in any order and in either script. */
export function matches(query: string, texts: readonly string[]): boolean {
  const known = texts.flatMap(words)
  return words(query).every((word) => known.some((other) => other.startsWith(word)))
}
