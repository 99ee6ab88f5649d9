/**
 * `Idempotency-Key`s for writes that create something: a double click, or the same form sent again after its
 * answer was lost, is carried out once.
 */

/** Where a POST creates something. Switches (hold, mute, status) may be meant twice and have no key. */
const CREATES = [
  /^\/api\/cdm\/(customers|orders|products|imports)$/,
  /^\/api\/cdm\/customers\/\d+\/(notes|cycles\/\d+\/stock)$/,
  /^\/api\/crm\/automation\/tasks$/,
  /^\/api\/crm\/team\/teams$/,
  /^\/api\/crm\/messages\/hand-over$/,
  /^\/api\/users$/,
]

/** A second click comes within this time after the answer to the first. */
const DOUBLE_CLICK_MS = 2_000

/** Keys of writes under way, answered a moment ago, or whose answer was lost; by what is sent. */
const keys = new Map<string, string>()

/** A body as text, alike for the same form sent again. */
function textOf(body: unknown): string {
  if (!(body instanceof FormData)) return JSON.stringify(body) ?? ''
  const parts = [...body.entries()].map(([name, value]) =>
    typeof value === 'string' ? [name, value] : [name, value.name, value.size, value.lastModified],
  )
  return JSON.stringify(parts)
}

/** Of one write: its key, and what became of it. */
export interface Once {
  key: string
  /** `lost`: the server may have carried it out, so that the same write keeps its key. */
  settle(outcome: 'answered' | 'refused' | 'lost'): void
}

/** The key of a write, if it needs one; the same for the same write until it is settled. */
export function once(user: number | undefined, path: string, body: unknown): Once | null {
  const [bare = path] = path.split('?')
  if (user === undefined || !CREATES.some((pattern) => pattern.test(bare))) return null
  const what = `${user} ${path} ${textOf(body)}`
  const key = keys.get(what) ?? crypto.randomUUID()
  keys.set(what, key)
  const forget = () => {
    if (keys.get(what) === key) keys.delete(what)
  }
  return {
    key,
    settle(outcome) {
      if (outcome === 'refused') forget()
      else if (outcome === 'answered') setTimeout(forget, DOUBLE_CLICK_MS)
    },
  }
}
